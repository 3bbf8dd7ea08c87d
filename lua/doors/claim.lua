-- The one way into running: a lease for a worker. A member of the running set is the lease's token
-- (epoch and attempt, six bytes) and the jid; its score is the lease's end in milliseconds.

local clock = require("store.clock")
local events = require("store.events")
local history = require("store.history")
local keys = require("store.keys")
local queues = require("store.queues")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")
local workers = require("store.workers")
local writes = require("store.writes")

local claim = {}

local TOKEN = ">I4H"
claim.JID = 7 -- where the jid starts in a member

function claim.token(record)
  return struct.pack(TOKEN, record.epoch, record.attempt)
end

-- epoch and attempt of a token
function claim.parts(token)
  return struct.unpack(TOKEN, token)
end

function claim.member(record)
  return claim.token(record) .. record.jid
end

-- The end of a lease from now on; a lease of 0 is without end. Its length, in milliseconds, is the
-- one asked for, else the job's, the queue's, the setting's.
local function ending_of(step, record, queue, asked)
  local lease = asked
    or record.options ~= "" and records.options(record).lease
    or queue.lease > 0 and queue.lease
    or settings.milliseconds(step, "heartbeat")
  return lease == 0 and "+inf" or step.now + lease
end

-- A lease of this queue ends then: the clock must know, unless it knows an earlier one.
function claim.watch(step, queue, ending)
  if ending == "+inf" or (queue.bound > 0 and queue.bound <= ending) then
    return
  end
  queue.bound = ending
  queues.save(step, queue)
  clock.at(step, clock.LEASE, queue.number, ending)
end

-- Hands a waiting job, already taken out of the waiting set, to a worker. Returns the lease's end.
function claim.give(step, record, queue, worker, lease, request)
  local attempt = record.attempt + 1
  record.attempt = attempt > 65535 and 1 or attempt
  record.state = states.number.running
  record.popped = step.now
  record.worker = worker
  history.append(step, record, queue, "popped", worker)
  records.save(step, record)
  local member = claim.member(record)
  local ending = ending_of(step, record, queue, lease)
  writes.pair(step, "ZADD", keys.running(step, queue), ending, member)
  workers.hold(step, worker, member, request, queue)
  claim.watch(step, queue, ending)
  events.report(step, "popped", record, queue.name, worker, "")
  return ending
end

-- The end of a running job's lease: milliseconds, or +inf.
function claim.ending(step, record, queue)
  local score = redis.call("ZSCORE", keys.running(step, queue), claim.member(record))
  local ending = tonumber(score or nil)
  return ending and ending < math.huge and ending or "+inf"
end

-- Prolongs a lease that is held; returns its new end.
function claim.renew(step, record, queue, lease)
  local ending = ending_of(step, record, queue, lease)
  writes.pair(step, "ZADD", keys.running(step, queue), ending, claim.member(record))
  claim.watch(step, queue, ending)
  return ending
end

return claim
