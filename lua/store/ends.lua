-- Telling those who wait for a job that it has ended. The flag AWAITED in its record says that
-- somebody may; its ring is a stream of one entry, which expires. A stream, and no list as the
-- rings of queues are: reading takes nothing away, so one entry wakes all that wait. Entries carry
-- no data and may be lost: a wait looks again by itself after limits.SLEEP.

local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local writes = require("store.writes")

local ends = {}

local AWAITED = states.flags.AWAITED

-- Milliseconds that an entry stays: for those who have looked and are about to block. A stream of
-- one entry has some 5 kB, so it is not more.
local LINGER = 2000

-- The job has ended: complete for good, failed or cancelled. The caller saves the record.
function ends.tell(step, record)
  if records.has(record, AWAITED) then
    records.lower(record, AWAITED)
    local ring = keys.job_ring(step, record.jid)
    redis.call("XADD", ring, "MAXLEN", 1, "*", "1", "1")
    redis.call("PEXPIRE", ring, LINGER)
  end
end

-- Somebody is going to block until this job ends: raises the flag, and takes a stale entry off, of
-- an end that the job has come back from. Returns the ring.
function ends.await(step, record)
  if not records.has(record, AWAITED) then
    records.raise(record, AWAITED)
    records.save(step, record)
  end
  local ring = keys.job_ring(step, record.jid)
  writes.drop(step, ring)
  return ring
end

return ends
