-- Jobs that are too late: to be started (start_within), or to be done (finish_within). A pop asks
-- before it hands one out, and the tick looks after those that no pop comes to.

local abandon = require("doors.abandon")
local events = require("store.events")
local history = require("store.history")
local keys = require("store.keys")
local klasses = require("store.klasses")
local overdue = require("store.overdue")
local queues = require("store.queues")
local records = require("store.records")
local rules = require("rules.deadlines")
local withdraw = require("doors.withdraw")
local writes = require("store.writes")

local late = {}

-- The job is in no state set any more.
local function act(step, record, queue, passed, policy)
  local group = rules.group(passed, queue.name)
  local moment = records.ruling(record)[rules.MOMENT[passed]]
  local message = string.format("%s: the time was over at %.0f ms", passed, moment)
  abandon.act(step, record, queue, policy, group, message, passed)
end

-- Whether a job that a pop has taken out of the waiting set may still run. One in whose place
-- another klass is to run is given that.
function late.admits(step, queue, record)
  local options = records.ruling(record)
  local passed = rules.passed(options, record.attempt, step.now)
  if not passed then
    return true
  end
  local fate = rules.fate(options, passed)
  if rules.ends(fate) then
    act(step, record, queue, passed, fate)
    return false
  end
  local klass = klasses.number(step, fate)
  if record.klass ~= klass then -- else it was given that before a limit made it wait again
    record.klass = klass
    history.append(step, record, queue, "late", fate)
    events.report(step, "late", record, queue.name, "", fate)
    record.packed = nil
  end
  return true
end

-- Ends a job whose moment has come.
local function finish(step, jid)
  local record = records.live(step, jid)
  local options = record and records.ruling(record)
  local passed = record and rules.passed(options, record.attempt, step.now)
  local fate = passed and rules.fate(options, passed)
  writes.one(step, "ZREM", keys.deadlines(step), jid)
  if fate and rules.ends(fate) then
    local queue = queues.numbered(step, record.queue)
    withdraw(step, record, queue)
    act(step, record, queue, passed, fate)
  end
end

-- A duty of the tick.
function late.due(step, _, budget)
  local jids, upcoming = overdue(step, keys.deadlines(step), budget)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  for position = 1, #jids do
    finish(step, jids[position])
  end
  return #jids, upcoming
end

return late
