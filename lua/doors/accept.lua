-- The way into the system: a job that a put has been decided about, new or in the place of an old
-- one.

local deadline_rules = require("rules.deadlines")
local deadlines = require("doors.deadlines")
local depends = require("doors.depends")
local duplicate = require("doors.duplicate")
local edges = require("store.edges")
local events = require("store.events")
local failures = require("store.failures")
local flows = require("store.flows")
local history = require("store.history")
local job = require("rules.job")
local klasses = require("store.klasses")
local member = require("doors.member")
local pass_on = require("doors.order")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local rules = require("rules.options")
local sequence = require("store.sequence")
local states = require("rules.states")
local tags = require("store.tags")
local unique = require("doors.unique")
local uniqueness = require("rules.uniqueness")
local withdraw = require("doors.withdraw")

local flags = states.flags
local number = states.number
local RETRIES = rules.retries.default

-- Options that count at the put alone.
local PASSING = { if_exists = true, priority = true, retries = true, delay = true, at = true }

-- The options of which nothing stays with the job, as they were met last.
local bare

local function stays(options)
  for name in pairs(options) do
    if not PASSING[name] then
      return true
    end
  end
  bare = options
  return false
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
  if old or (options ~= bare and stays(options)) then
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

-- Puts a job into a queue. old: the record of the same jid that it replaces, or nil. tie: what it
-- depends on, see doors/depends.lua, or nil. plan: what becomes of its unique key, see
-- doors/duplicate.lua, or nil. Returns created or replaced.
return function(step, queue, old, jid, klass, payload, options, tie, plan)
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
