-- put: accepts a job, new or again under the same jid.
--
-- Args: queue, jid, klass (empty: a plain data item), payload, options (rules/options.lua).
-- Returns: created, replaced or kept.
-- Errors: INVALID, EXISTS (if_exists=error), NOJOB (missing=refuse), CYCLE, STATE (the flow is
-- cancelled, or sealed and all of its members have ended).
-- Events: put, or failed or cancelled when a parent has already failed and the job acts upon it.
-- Cost: O(log n), and O(log n) for each dependency and tag.
--
-- A repeated call is known by its nonce, or, with if_exists=repeated, by the jid itself: one that
-- was made for this call and cannot belong to another.

local arguments = require("rules.arguments")
local depends = require("doors.depends")
local edges = require("store.edges")
local events = require("store.events")
local failures = require("store.failures")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local member = require("doors.member")
local payloads = require("rules.payloads")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local rules = require("rules.options")
local sequence = require("store.sequence")
local settings = require("store.settings")
local states = require("rules.states")
local steps = require("store.step")
local tags = require("store.tags")
local withdraw = require("doors.withdraw")

local flags = states.flags
local number = states.number
local RETRIES = rules.retries.default

local put = { many = true, width = 5 }

local QUEUE, JID, KLASS, PAYLOAD, OPTIONS = 1, 2, 3, 4, 5

function put.parse(step, group)
  local args, from = group.args, group.from
  group.options = group.options or {}
  for position = group.at + 1, group.count do
    group.at = position
    local at = from[position]
    local options = job.options(args[at + OPTIONS])
    group.options[position] = options
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

-- Whether this very call has been carried out before; the word of its answer, or nil.
local function repeated(record, options)
  if options.if_exists == "repeated" then
    return "created"
  end
  local nonce = records.options(record).nonce
  if options.nonce and nonce and string.sub(nonce, 2) == options.nonce then
    return string.sub(nonce, 1, 1) == "r" and "replaced" or "created"
  end
  return nil
end

-- The answer when there is nothing to be done, what is already there under the jid, and what the
-- job is tied to, see doors/depends.lua.
local function examine(step, jid, options)
  local record = records.get(step, jid)
  if record and (options.if_exists == "repeated" or options.nonce) then
    local answer = repeated(record, options)
    if answer then
      return answer
    end
  end
  if record and records.has(record, flags.TRACE) then
    record = nil
  end
  local there = record and record.state ~= number.cancelled
  if there and options.if_exists == "keep" then
    return "kept"
  elseif there and options.if_exists == "error" then
    refuse("EXISTS", "job " .. jid .. " exists, " .. states.name[record.state])
  end
  if options.if_exists ~= "repeated" and redis.call("EXISTS", keys.template(step, jid)) == 1 then
    refuse("EXISTS", "jid: " .. jid .. " is a recurring job")
  end
  steps.touch(step, jid, "put")
  sequence.need(step, record and 1 or 2)
  if record then
    step.freed[jid] = true
  end
  if options.flow then
    member.check(step, record, options.flow)
  end
  if not (options.depends or options.hold) then
    return nil, record
  end
  return nil, record, depends.check(step, jid, record, options)
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
      group.answers[position], group.records[position], group.ties[position] =
        examine(step, args[at + JID], group.options[position])
    end
  end
end

-- What of the options stays with the job.
local function kept(options, replaced, unsealed)
  local rest = job.stay(options, {
    parent_failure = options.parent_failure,
    run_when = options.run_when,
    unsealed = unsealed,
    nonce = options.nonce and (replaced and "r" or "c") .. options.nonce,
  })
  if options.depends or options.hold or unsealed then
    rest.delay = options.delay
    rest.at = options.at
  end
  return rest
end

-- A record of what is put. An old one keeps its history, attempts, dependents and tracking.
local function write(step, old, jid, klass, payload, options, unsealed)
  local record = old or records.new(jid, sequence.draw(step))
  record.klass = klasses.number(step, klass)
  record.priority = options.priority or 0
  record.retries = options.retries or RETRIES
  record.left = record.retries
  record.errors = 0
  record.lost = 0
  if next(options) or old then
    records.set_options(record, kept(options, old, unsealed))
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
  failures.forget(step, old)
end

local function apply(step, queue, old, jid, klass, payload, options, tie)
  local was_running = old and old.state == number.running
  if old then
    clear(step, old, queue)
  end
  local unsealed = options.flow and not flows.sealed(step, options.flow) or nil
  local record = write(step, old, jid, klass, payload, options, unsealed)
  record.queue = queue.number
  local due = job.due(step, options)
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
      local at = from[position]
      answers[position] = apply(
        step,
        queues.ensure(step, args[at + QUEUE]),
        group.records[position],
        args[at + JID],
        args[at + KLASS],
        args[at + PAYLOAD],
        group.options[position],
        group.ties[position]
      )
    end
  end
end

return put
