-- Where a job goes that is to run in a queue: runnable now, or at a moment, or when its flow is
-- sealed.

local edges = require("store.edges")
local enter = require("doors.enter")
local member = require("doors.member")
local records = require("store.records")
local scheduled = require("store.scheduled")
local states = require("rules.states")

local FLOW = states.flags.FLOW

-- due: milliseconds, or nil for now. Returns the word of the state.
local function place(step, record, queue, due)
  if records.has(record, FLOW) and member.held(step, record) then
    edges.park(step, record, queue)
    return "depends"
  end
  if due then
    scheduled.add(step, record, queue, due)
    return "scheduled"
  end
  return enter.last(step, record, queue)
end

return place
