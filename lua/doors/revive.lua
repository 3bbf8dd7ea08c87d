-- Puts a failed job back, into its own queue or another.

local events = require("store.events")
local history = require("store.history")
local place = require("doors.place")
local queues = require("store.queues")
local withdraw = require("doors.withdraw")

-- home: the job's queue. name: the queue that it goes to, empty for its own.
local function revive(step, record, home, name)
  local queue = name == "" and home or queues.ensure(step, name)
  withdraw(step, record, home)
  history.append(step, record, home, "unfailed", queue.name)
  record.left = record.retries
  record.lost = 0
  events.report(step, "unfailed", record, queue.name, "", "")
  return place(step, record, queue)
end

return revive
