-- The one way out of running: ends a lease and writes down how. What becomes of the job next is
-- the caller's choice.

local claim = require("doors.claim")
local history = require("store.history")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local stats = require("store.stats")
local workers = require("store.workers")
local writes = require("store.writes")

-- entry: the word for the history. detail: what belongs to it. run: which histogram the run time
-- goes to, `run` or `failed-run`, or nil when nobody knows how long the work lasted.
local function leave(step, record, queue, entry, detail, run)
  local member = claim.member(record)
  writes.one(step, "ZREM", keys.running(step, queue), member)
  workers.let_go(step, record.worker, member)
  stats.observe(step, queue, "wait", record.popped - record.since)
  if run then
    stats.observe(step, queue, run, step.now - record.popped)
  end
  records.lower(record, states.flags.GRACE)
  history.append(step, record, queue, entry, detail)
  record.worker = nil
  record.popped = nil
  records.save(step, record)
end

return leave
