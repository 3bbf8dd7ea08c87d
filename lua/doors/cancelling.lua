-- Takes a job out of the system, from whatever state it is in.

local conclude = require("doors.conclude")
local erase = require("doors.erase")
local events = require("store.events")
local history = require("store.history")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local withdraw = require("doors.withdraw")

-- Nobody waits for it any more.
local function cancel(step, record, queue)
  local worker = record.worker
  withdraw(step, record, queue, "cancelled")
  if not worker then
    history.append(step, record, queue, "cancelled")
  end
  record.state = states.number.cancelled
  conclude.ended(step, record)
  redis.call("UNLINK", keys.dependents(step, record.jid))
  records.lower(record, states.flags.DEPENDENTS)
  events.report(step, "cancelled", record, queue.name, worker or "", "")
  erase(step, record, limits.TRACE)
end

return cancel
