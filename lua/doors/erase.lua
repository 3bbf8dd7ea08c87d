-- The one way out of the system: a job's record and everything that hangs on it.

local edges = require("store.edges")
local failures = require("store.failures")
local flows = require("store.flows")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local tags = require("store.tags")
local writes = require("store.writes")

-- The job is in no state set any more. With `trace` (milliseconds) its header and history stay for
-- so long, for holders and repeated calls to learn what happened; or, when others wait for it,
-- until the tick has told those.
local function erase(step, record, trace)
  flows.leave(step, record, true)
  tags.clear(step, record)
  edges.clear(step, record)
  failures.forget(step, record)
  if records.has(record, states.flags.TRACKED) then
    writes.one(step, "ZREM", keys.tracked(step), record.jid)
    records.lower(record, states.flags.TRACKED)
  end
  records.drop_payload(step, record)
  if records.has(record, states.flags.DEPENDENTS) then
    records.set_options(record, { nonce = records.options(record).nonce })
    edges.tell_later(step, record.jid)
  elseif trace then
    records.raise(record, states.flags.TRACE)
    records.set_options(record, { nonce = records.options(record).nonce })
    record.lifetime = trace
  else
    record.dropped = true
  end
  records.save(step, record)
end

return erase
