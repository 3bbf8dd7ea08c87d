-- What a put under a unique key does: it makes the job that holds the key, or meets that job.

local deadlines = require("doors.deadlines")
local edges = require("store.edges")
local enter = require("doors.enter")
local events = require("store.events")
local history = require("store.history")
local klasses = require("store.klasses")
local place = require("doors.place")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local rules = require("rules.uniqueness")
local sequence = require("store.sequence")
local states = require("rules.states")
local unique = require("doors.unique")
local uniques = require("store.uniques")
local withdraw = require("doors.withdraw")

local duplicate = {}

local RUNNABLE = { [states.number.waiting] = true, [states.number.throttled] = true }

-- A plan: what (create, keep, replace, postpone), jid (of the job that holds the key then), held
-- (how; nil: as before) and due (of that job, if that is said by its debounce). Refuses a duplicate
-- that is not wanted.
function duplicate.check(step, jid, options)
  local key = options.unique
  local held, unstarted = unique.standing(step, key)
  if not held then
    local taken, due = rules.take(options, step.now)
    taken.jid = jid
    return { what = "create", jid = jid, held = taken, due = due }
  end
  local what, after, due = rules.meet(options, held, unstarted, step.now)
  if what == "refuse" then
    refuse("EXISTS", "unique: job " .. held.jid .. " holds the key " .. key)
  end
  local holder = what == "create" and jid or held.jid
  if after then
    after.jid = holder
  end
  return { what = what, jid = holder, held = after, due = due, planned = held.planned }
end

-- The plan is going to be carried out: nothing refuses the put any more.
function duplicate.decide(step, options, plan)
  if plan.held then
    plan.held.planned = plan.what == "create" or plan.planned -- its job is put by this step
    unique.foresee(step, options.unique, plan.held)
  end
  if plan.what == "postpone" then
    sequence.need(step)
  end
end

-- The job that is put takes the key.
function duplicate.hold(step, options, plan)
  uniques.save(step, options.unique, plan.held)
end

-- Moves a job that has not started to a moment, unless that has come.
local function postpone(step, record, queue, due)
  if due <= step.now then
    return
  end
  if record.state == states.number.depends then
    edges.postpone(record, due)
  else
    withdraw(step, record, queue)
    place(step, record, queue, due)
  end
  deadlines.move(step, record, due)
end

-- Limits of its klass have counted a job that is runnable: it comes in anew, at its old place.
local function reclass(step, record, queue, klass)
  if record.klass == klass then
    return
  end
  local counted = RUNNABLE[record.state]
  if counted then
    withdraw(step, record, queue)
  end
  record.klass = klass
  if counted then
    enter.again(step, record, queue)
  end
end

local DETAILS = { keep = "kept", replace = "replaced", postpone = "postponed" }

-- Carries out a plan that makes no job; returns the put's answer. queue_name, klass, payload,
-- options: those of the put.
function duplicate.merge(step, plan, queue_name, klass, payload, options)
  local record = records.live(step, plan.jid)
  if plan.what ~= "keep" then
    local queue = queues.numbered(step, record.queue)
    queue_name = queue.name
    history.append(step, record, queue, "merged")
    reclass(step, record, queue, klasses.number(step, klass))
    records.set_payload(step, record, payload)
    records.save(step, record)
    if plan.due then
      postpone(step, record, queue, plan.due)
    end
  end
  if plan.held then
    uniques.save(step, options.unique, plan.held)
  end
  local about = record or { jid = plan.jid, flags = 0 }
  events.report(step, "merged", about, queue_name, "", DETAILS[plan.what])
  return "merged " .. plan.jid
end

return duplicate
