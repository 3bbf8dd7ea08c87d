-- Which jobs a pop hands out: the first of a queue's waiting set, or, to a repeat, those of before.

local admit = require("doors.admit")
local claim = require("doors.claim")
local keys = require("store.keys")
local klasses = require("store.klasses")
local lanes = require("doors.lanes")
local limits = require("rules.limits")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local rings = require("store.rings")
local settings = require("store.settings")
local states = require("rules.states")
local throttle = require("doors.throttle")
local waiting = require("doors.waiting")
local workers = require("store.workers")

local hand = {}

-- What a pop hands out: the answer, as it is described in commands/pop.lua, how many jobs are in
-- it, the bytes of payload that are left, and up to how many limits are looked at; once a job does
-- not fit, it is full. Of payloads that have keys of their own it gets `outside`, the keys' names,
-- and `places`, where in the answer they go.
function hand.open(step, count)
  return {
    answer = { 0 },
    count = 0,
    most = count,
    bytes = limits.BYTES,
    looks = (step.looked or 0) + limits.THROTTLES,
    refused = 0, -- jobs that were looked at in vain
    full = false,
    grant = nil, -- see claim.grant, of the queue in work
  }
end

local function add(step, handout, queue, jid, klass, ending, text, flag)
  local at = 6 * handout.count + 2
  local answer = handout.answer
  answer[at] = queue.name
  answer[at + 1] = jid
  answer[at + 2] = klasses.name(step, klass)
  answer[at + 3] = ending == "+inf" and 0 or ending
  answer[at + 4] = text
  answer[at + 5] = ""
  handout.count = handout.count + 1
  if bit.band(flag, states.flags.PAYLOAD) ~= 0 then
    handout.outside, handout.places = handout.outside or {}, handout.places or {}
    table.insert(handout.outside, keys.payload(step, jid))
    table.insert(handout.places, at + 5)
  end
end

-- The answer, with the payloads that have keys of their own.
function hand.answer(handout)
  if handout.outside then
    local payloads = redis.call("MGET", unpack(handout.outside))
    for position = 1, #payloads do
      handout.answer[handout.places[position]] = payloads[position]
    end
  end
  return handout.answer
end

-- The text and the options of a job that may be handed out, or nothing.
local function may_go(step, queue, jid, text)
  step.records[jid] = text
  local record = records.get(step, jid)
  if admit(step, queue, record) then
    return records.pack(record), records.ruling(record)
  end
end

-- Claims up to `count` jobs of a queue; returns how many it went past, and whether there may be
-- others. The first job of a pop always fits.
local function claim_some(step, request, queue, handout, count)
  local members, tenants, empty = lanes.take(step, queue, count)
  local jids, claimed = {}, handout.count
  for position = 1, #members / 2 do
    jids[position] = string.sub(members[2 * position - 1], places.JID)
  end
  local texts = records.texts(step, jids)
  local asked = settings.klasses(step) or settings.revoked(step)
  local grant = handout.grant
  for position = 1, #jids do
    local jid, text, size = jids[position], texts[position], records.size(texts[position])
    local laden = size > handout.bytes or (step.looked or 0) >= handout.looks
    if laden and handout.count > 0 then
      handout.full = true
      lanes.put_back(step, queue, members, tenants, 2 * position - 1)
      break
    end
    local own
    if asked or records.ruled(text) then
      text, own = may_go(step, queue, jid, text)
    end
    if text then
      handout.bytes = handout.bytes - size
      grant = grant or claim.grant(step, queue, request.worker, request.request, request.lease)
      local ending, klass, flag
      text, ending, klass, flag = claim.give(step, grant, jid, text, own)
      add(step, handout, queue, jid, klass, ending, text, flag)
    end
  end
  handout.grant = grant
  local past = #jids - (handout.count - claimed) + empty
  return past, #jids == count or empty > 0
end

-- Claims as many jobs of a queue as there is room for. Of jobs that may not be handed out, it goes
-- past limits.REFUSED in one pop.
function hand.out(step, request, queue, handout)
  local room, limit = throttle.room(step, queue)
  local before, more = handout.count, true
  local count = math.min(handout.most - before, room)
  while more and count > 0 and not handout.full and handout.refused < limits.REFUSED do
    local claimed = handout.count
    local past
    past, more = claim_some(step, request, queue, handout, count)
    handout.refused = handout.refused + past
    room = room - (handout.count - claimed)
    count = math.min(handout.most - handout.count, room)
  end
  handout.grant = nil
  if limit then
    throttle.started(step, queue, limit, handout.count - before)
  end
  -- Waking is a chain: who leaves jobs behind wakes the next.
  if queue.waiters > step.now and room > 0 and waiting.any(step, queue) then
    rings.wake(step, queue)
  end
end

-- Whether one job was handed out before the other: by queue, then as they were waiting.
local function earlier(one, other)
  if one.rank ~= other.rank then
    return one.rank < other.rank
  elseif one.record.priority ~= other.record.priority then
    return one.record.priority < other.record.priority
  end
  return places.member(one.record) < places.member(other.record)
end

-- The jobs that this request was given before, as far as they are still held, in the same order.
function hand.again(step, request, handout)
  local held = redis.call("HGETALL", workers.key(step, request.worker))
  local found, ranks = {}, {}
  for position = 1, #request.queues do
    ranks[request.queues[position]] = position
  end
  for position = 1, #held, 2 do
    local mark, number = string.match(held[position + 1], "^(.*):(%d+)$")
    if mark == request.request and #held[position] >= workers.LEASE then
      local record = records.live(step, string.sub(held[position], claim.JID))
      local queue = queues.numbered(step, number)
      found[#found + 1] = { record = record, queue = queue, rank = ranks[queue.name] or 0 }
    end
  end
  table.sort(found, earlier)
  for position = 1, #found do
    local record, queue = found[position].record, found[position].queue
    local ending = claim.ending(step, record, queue)
    local text = records.pack(record)
    add(step, handout, queue, record.jid, record.klass, ending, text, record.flags)
  end
end

return hand
