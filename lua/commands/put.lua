-- put: accepts a job, new or again under the same jid.
--
-- Args: queue, jid, klass (empty: a plain data item), payload, options (rules/options.lua).
-- Returns: created, replaced or kept; or merged, a space, and the jid of the job that holds the
-- unique key: then this put makes none.
-- Errors: INVALID, EXISTS (if_exists=error; if_duplicate=refuse, or a job of the key that has
-- started and could not be changed), NOJOB (missing=refuse), CYCLE, FULL (the queue holds as much
-- as it may; the next word is the cap), STATE (the flow is cancelled, or sealed and all of its
-- members have ended).
-- Events: put, or failed or cancelled when a parent has already failed and the job acts upon it;
-- merged.
-- Cost: O(log n), and O(log n) for each dependency and tag.
--
-- A repeated call is known by its nonce, or, with if_exists=repeated, by the jid itself: one that
-- was made for this call and cannot belong to another. A put with a unique key may leave nothing of
-- its own: such a call is to be marked.

local arguments = require("rules.arguments")
local deadline_rules = require("rules.deadlines")
local deadlines = require("doors.deadlines")
local depends = require("doors.depends")
local duplicate = require("doors.duplicate")
local edges = require("store.edges")
local events = require("store.events")
local examine = require("doors.examine")
local failures = require("store.failures")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local member = require("doors.member")
local pass_on = require("doors.order")
local payloads = require("rules.payloads")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local rules = require("rules.options")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local tags = require("store.tags")
local unique = require("doors.unique")
local uniqueness = require("rules.uniqueness")
local withdraw = require("doors.withdraw")

local flags = states.flags
local number = states.number
local RETRIES = rules.retries.default

local put = { many = true, width = 5 }

local QUEUE, JID, KLASS, PAYLOAD, OPTIONS = 1, 2, 3, 4, 5

-- The options that were found to go together last, and those of which nothing stays with the job:
-- jobs are often put with the same ones in a row.
local fine, bare

-- Options that count at the put alone.
local PASSING = { if_exists = true, priority = true, retries = true, delay = true, at = true }

local function is_passing(options)
  for name in pairs(options) do
    if not PASSING[name] then
      return false
    end
  end
  return true
end

-- Refuses options that contradict each other.
local function check(step, options)
  bare = is_passing(options) and options or bare
  uniqueness.check(options)
  if options.finish_within or options.if_late then
    deadline_rules.check(options, job.due(step, options), step.now)
  else
    fine = options
  end
end

function put.parse(step, group)
  local args, from = group.args, group.from
  group.options = group.options or {}
  for position = group.at + 1, group.count do
    group.at = position
    local at = from[position]
    local options = job.options(args[at + OPTIONS])
    group.options[position] = options
    if options ~= fine then
      check(step, options)
    end
    queues.want(step, arguments.name(args[at + QUEUE], "queue"))
    records.want(step, arguments.name(args[at + JID], "jid"))
    if #args[at + KLASS] > limits.NAME then
      refuse("INVALID", "klass: has more than " .. limits.NAME .. " bytes")
    end
    klasses.want(step, args[at + KLASS])
    if options.depends then
      depends.want(step, options.depends)
    end
  end
end

function put.check(step, group)
  local args, from = group.args, group.from
  group.records = group.records or {}
  group.ties = group.ties or {}
  for position = group.at + 1, group.count do
    if not group.answers[position] then
      group.at = position
      local at = from[position]
      payloads.check(args[at + PAYLOAD], settings.value(step, "max-payload"))
      local answer, record, tie, plan = examine(
        step,
        args[at + QUEUE],
        args[at + JID],
        #args[at + PAYLOAD],
        group.options[position]
      )
      group.answers[position], group.records[position] = answer, record
      group.ties[position] = tie
      if plan then
        group.plans = group.plans or {}
        group.plans[position] = plan
      end
    end
  end
end

-- What of the options stays with the job. old: the record that it replaces, or nil. due: when it
-- may run, or nil. unsealed: true when its flow is not sealed.
local function kept(step, options, old, due, unsealed)
  local rest = job.stay(options, {
    parent_failure = options.parent_failure,
    run_when = options.run_when,
    unsealed = unsealed,
    nonce = options.nonce and (old and "r" or "c") .. options.nonce,
    attempted = old and old.attempt > 0 and options.start_within and old.attempt or nil,
  })
  if options.start_within or options.finish_within then
    deadline_rules.set(rest, options, step.now, due)
  end
  if options.unique then
    rest.unique_until = uniqueness.scope(options)
  end
  if options.depends or options.hold or unsealed then
    rest.delay = options.delay
    rest.at = options.at
  end
  return rest
end

-- A record of what is put. An old one keeps its history, attempts, dependents and tracking.
local function write(step, old, jid, klass, payload, options, due, unsealed)
  local record = old or records.new(jid, sequence.draw(step))
  record.klass = klasses.number(step, klass)
  record.priority = options.priority or 0
  record.retries = options.retries or RETRIES
  record.left = record.retries
  record.errors = 0
  record.lost = 0
  if old or (options ~= bare and next(options)) then
    records.set_options(record, kept(step, options, old, due, unsealed))
  end
  if options.flow then
    member.join(step, record, options, unsealed)
  end
  records.set_payload(step, record, payload)
  if options.tags then
    tags.add(step, record, options.tags)
  end
  return record
end

-- Takes an old job of the same jid out of wherever it is.
local function clear(step, old, queue)
  local home = queues.numbered(step, old.queue)
  history.spell(old, home)
  withdraw(step, old, home, "put", queue.name)
  flows.leave(step, old)
  tags.clear(step, old)
  edges.clear(step, old)
  pass_on(step, old)
  failures.forget(step, old)
  if records.has(old, flags.RULED) then
    deadlines.forget(step, old)
    unique.replaced(step, old)
  end
end

local function apply(step, queue, old, jid, klass, payload, options, tie, plan)
  local was_running = old and old.state == number.running
  if old then
    clear(step, old, queue)
  end
  local unsealed = options.flow and not flows.sealed(step, options.flow) or nil
  local due = plan and plan.due or job.due(step, options)
  local record = write(step, old, jid, klass, payload, options, due, unsealed)
  record.queue = queue.number
  if plan then
    duplicate.hold(step, options, plan)
  end
  if records.has(record, flags.RULED) then
    deadlines.note(step, record)
  end
  local fresh = not (old or tie or due or unsealed)
  if not fresh and not was_running then
    history.append(step, record, queue, "put", queue.name)
  end
  local state
  if tie then
    state = depends.fate(record, tie)
    depends.bind(step, record, queue, tie, options.hold)
  else
    state = place(step, record, queue, due)
  end
  if fresh then
    records.raise(record, flags.FRESH)
  end
  if not (tie and tie.acts) then -- what it acted is told
    events.report(step, "put", record, queue.name, "", state)
  end
  return old and "replaced" or "created"
end

function put.apply(step, group)
  local args, from, answers = group.args, group.from, group.answers
  for position = 1, group.count do
    if not answers[position] then
      local at, plan = from[position], group.plans and group.plans[position]
      local klass, payload = args[at + KLASS], args[at + PAYLOAD]
      local options = group.options[position]
      if plan and plan.what ~= "create" then
        answers[position] = duplicate.merge(step, plan, args[at + QUEUE], klass, payload, options)
      else
        answers[position] = apply(
          step,
          queues.ensure(step, args[at + QUEUE]),
          group.records[position],
          args[at + JID],
          klass,
          payload,
          options,
          group.ties[position],
          plan
        )
      end
    end
  end
end

return put
