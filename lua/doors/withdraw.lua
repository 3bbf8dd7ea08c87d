-- Takes a job out of the set of whatever state it is in, before it is moved, put again or erased.

local conclude = require("doors.conclude")
local edges = require("store.edges")
local enter = require("doors.enter")
local failures = require("store.failures")
local keys = require("store.keys")
local leave = require("doors.leave")
local scheduled = require("store.scheduled")
local states = require("rules.states")
local throttle = require("doors.throttle")
local writes = require("store.writes")

local number = states.number

-- entry, detail: how a lease ends if there is one; see doors/leave.lua.
local function withdraw(step, record, queue, entry, detail)
  local state = record.state
  if state == number.waiting then
    enter.undo(step, record, queue)
  elseif state == number.scheduled then
    scheduled.remove(step, record, queue)
  elseif state == number.depends then
    edges.unpark(step, record, queue)
  elseif state == number.throttled then
    throttle.unpark(step, record, queue)
  elseif state == number.running then
    leave.record(step, record, queue, entry, detail)
  elseif state == number.complete then
    conclude.undone(step, record)
    writes.one(step, "ZREM", keys.complete(step, queue), record.jid)
  elseif state == number.failed then
    conclude.undone(step, record)
    failures.remove(step, record, queue)
  end
end

return withdraw
