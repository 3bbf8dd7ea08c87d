-- Jobs as answers: what a client needs to show one, in the order of pop's answer, then more.

local claim = require("doors.claim")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")

local flags = states.flags

-- The end of the job's lease in milliseconds; 0: none.
local function ending_of(step, record, queue)
  if record.state ~= states.number.running then
    return 0
  end
  local ending = claim.ending(step, record, queue)
  return ending == "+inf" and 0 or ending
end

-- A list of queue (empty: a trace whose queue is forgotten), jid, klass, end of the lease, record,
-- payload (empty: inside the record), dependencies, dependents (at most some limits.WALK of each),
-- failure (packed, empty: none).
return function(step, record)
  local queue = queues.numbered(step, record.queue)
  local payload, failure, parents, dependents = "", "", {}, {}
  if records.has(record, flags.PAYLOAD) then
    payload = redis.call("GET", keys.payload(step, record.jid))
  end
  if records.has(record, flags.FAILURE) then
    failure = redis.call("GET", keys.failure(step, record.jid))
  end
  if records.has(record, flags.PARENTS) then
    parents = redis.call("SSCAN", keys.parents(step, record.jid), "0", "COUNT", limits.WALK)[2]
  end
  if records.has(record, flags.DEPENDENTS) then
    dependents = redis.call("ZRANGE", keys.dependents(step, record.jid), 0, limits.WALK - 1)
  end
  return {
    queue and queue.name or "",
    record.jid,
    klasses.name(step, record.klass),
    ending_of(step, record, queue),
    records.pack(record),
    payload,
    parents,
    dependents,
    failure,
  }
end
