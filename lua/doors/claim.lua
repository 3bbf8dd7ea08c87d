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

local RUNNING = states.number.running
local FRESH, PAYLOAD = states.flags.FRESH, states.flags.PAYLOAD
local LAST_ATTEMPT = 65535

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

-- The length of a lease that is asked for neither by the call nor by the job: the queue's own, or
-- the setting's.
local function usual(step, queue)
  return queue.lease > 0 and queue.lease or settings.milliseconds(step, "heartbeat")
end

local function ending_of(step, lease)
  return lease == 0 and "+inf" or step.now + lease
end

-- The end of a lease from now on; a lease of 0 is without end. None lasts longer than its job may
-- (finish_within). asked: its length in milliseconds, or nil. own: the job's options.
local function ending_for(step, own, queue, asked)
  local ending = ending_of(step, asked or own.lease or usual(step, queue))
  local last = own.finish_by
  return last and (ending == "+inf" or ending > last) and last or ending
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

-- What is the same for all jobs of a queue that one pop hands out. asked: the length of the leases
-- in milliseconds, or nil.
function claim.grant(step, queue, worker, request, asked)
  return {
    queue = queue,
    worker = worker,
    lease = records.lease(step.now, worker),
    mark = workers.mark(request, queue),
    asked = asked,
    ending = ending_of(step, asked or usual(step, queue)),
    limit = settings.value(step, "max-job-history"),
    running = writes.adding(step, "ZADD", keys.running(step, queue)),
    holding = workers.holding(step, worker),
  }
end

-- Hands a waiting job, already taken out of the waiting set, to a worker. The record is changed as
-- the text that it is: as tables, fifty jobs would cost a fifth more of a turn. own: its options,
-- if they have been read. Returns the text, the lease's end, the klass and the flags.
function claim.give(step, grant, jid, text, own)
  local queue, worker, now = grant.queue, grant.worker, step.now
  -- luacheck: ignore 631 (one line, as the formatter has it)
  local kind, flag, number, klass, epoch, attempt, place, high, low, since, retries, left, errors, lost, entries, _, options_length, size, from =
    struct.unpack(records.LAYOUT, text)
  local rest = string.sub(text, from)
  if bit.band(flag, FRESH) ~= 0 then
    flag = flag - FRESH
    rest = rest .. history.entry("put", 0, since, queue.name)
    entries = entries + 1
  end
  attempt = attempt < LAST_ATTEMPT and attempt + 1 or 1
  rest = rest .. history.entry("popped", attempt, now, worker)
  entries = entries + 1
  if entries > grant.limit then
    local inside = bit.band(flag, PAYLOAD) == 0 and size or 0
    rest, entries = history.cut(rest, options_length + inside + 1, entries, grant.limit)
  end
  text = struct.pack(
    records.LAYOUT,
    kind - kind % 16 + RUNNING,
    flag,
    number,
    klass,
    epoch,
    attempt,
    place,
    high,
    low,
    since,
    retries,
    left,
    errors,
    lost,
    entries,
    #grant.lease,
    options_length,
    size
  ) .. grant.lease .. rest
  records.store(step, jid, text)
  local member = struct.pack(TOKEN, epoch, attempt) .. jid
  local ending = grant.ending
  if options_length > 0 then
    own = own or cmsgpack.unpack(string.sub(rest, 1, options_length))
    ending = ending_for(step, own, queue, grant.asked)
  end
  local list = grant.running
  local at = #list
  list[at + 1], list[at + 2] = ending, member
  list = grant.holding
  at = #list
  list[at + 1], list[at + 2] = member, grant.mark
  claim.watch(step, queue, ending)
  if events.heard(step, flag) then
    events.add(step, "popped", jid, queue.name, worker, "")
  end
  return text, ending, klass, flag
end

-- The end of a running job's lease: milliseconds, or +inf.
function claim.ending(step, record, queue)
  local score = redis.call("ZSCORE", keys.running(step, queue), claim.member(record))
  local ending = tonumber(score or nil)
  return ending and ending < math.huge and ending or "+inf"
end

-- Prolongs a lease that is held; returns its new end.
function claim.renew(step, record, queue, lease)
  local ending = ending_for(step, records.ruling(record), queue, lease)
  writes.pair(step, "ZADD", keys.running(step, queue), ending, claim.member(record))
  claim.watch(step, queue, ending)
  return ending
end

return claim
