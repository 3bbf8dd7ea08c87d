-- Results: what the work on a complete job returned, opaque bytes in a key of its own that expires.
-- It begins with the job's epoch and attempt, so that a later life or attempt does not show it.

local keys = require("store.keys")
local flows = require("store.flows")
local records = require("store.records")
local settings = require("store.settings")

local results = {}

local MARK = ">I4H"
local LENGTH = 6

local function mark_of(record)
  return struct.pack(MARK, record.epoch, record.attempt)
end

-- Keeps a result for as long as the job's options say, which may be not at all; that of a flow's
-- member, which others may want to see, as long as the setting says.
function results.keep(step, record, result)
  local lifetime = records.ruling(record).keep_result
    or (flows.of(record) and settings.milliseconds(step, "flow-results"))
    or 0
  if lifetime > 0 then
    redis.call("SET", keys.result(step, record.jid), mark_of(record) .. result, "PX", lifetime)
  end
end

-- The result of a job, or nil. record: what is still known of the job, if anything.
function results.read(step, jid, record)
  local kept = redis.call("GET", keys.result(step, jid))
  if kept and (not record or string.sub(kept, 1, LENGTH) == mark_of(record)) then
    return string.sub(kept, LENGTH + 1)
  end
  return nil
end

return results
