-- Which jobs a pop hands out: the first of a queue's waiting set, or, to a repeat, those of before.

local admit = require("doors.admit")
local claim = require("doors.claim")
local enter = require("doors.enter")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local rings = require("store.rings")
local settings = require("store.settings")
local states = require("rules.states")
local workers = require("store.workers")

local hand = {}

-- What a pop hands out: the answer, as it is described in commands/pop.lua, how many jobs are in
-- it, and the bytes of payload that are left; once a job does not fit, it is full.
function hand.open(count)
  return {
    answer = { 0 },
    count = 0,
    most = count,
    bytes = limits.BYTES,
    refused = 0, -- jobs that were looked at in vain
    full = false,
    outside = nil, -- names of keys of payloads, and
    places = nil, -- where in the answer they go
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

-- Puts members, each with its score after it, back from a position on.
local function put_back(waiting, members, from)
  for position = from, #members, 2 do
    redis.call("ZADD", waiting, members[position + 1], members[position])
  end
end

-- The text of a job that may be handed out, or nil.
local function may_go(step, queue, jid, text)
  step.records[jid] = text
  if admit(step, queue, records.get(step, jid)) then
    return records.text(step, jid)
  end
  return nil
end

-- Claims jobs of a queue, as many as there is room for; returns how many were looked at. The first
-- job of a pop always fits.
local function claim_some(step, request, queue, handout)
  local waiting = keys.waiting(step, queue)
  local members = redis.call("ZPOPMIN", waiting, handout.most - handout.count)
  local jids = {}
  for position = 1, #members / 2 do
    jids[position] = string.sub(members[2 * position - 1], enter.JID)
  end
  local texts, revoked = records.texts(step, jids), settings.revoked(step)
  local grant
  for position = 1, #jids do
    local size = records.size(texts[position])
    if size > handout.bytes and handout.count > 0 then
      handout.full = true
      put_back(waiting, members, 2 * position - 1)
      break
    end
    local jid, text = jids[position], texts[position]
    if revoked or records.ruled(text) then
      text = may_go(step, queue, jid, text)
    end
    if text then
      handout.bytes = handout.bytes - size
      grant = grant or claim.grant(step, queue, request.worker, request.request, request.lease)
      local ending, klass, flag
      text, ending, klass, flag = claim.give(step, grant, jid, text)
      add(step, handout, queue, jid, klass, ending, text, flag)
    end
  end
  return #jids
end

-- Claims as many jobs of a queue as there is room for. Of jobs that may not be handed out, it goes
-- past limits.REFUSED in one pop.
function hand.out(step, request, queue, handout)
  while handout.count < handout.most and not handout.full do
    local before = handout.count
    local looked = claim_some(step, request, queue, handout)
    local refused = looked - (handout.count - before)
    handout.refused = handout.refused + refused
    if refused == 0 or handout.refused >= limits.REFUSED then
      break
    end
  end
  -- Waking is a chain: who leaves jobs behind wakes the next.
  if queue.waiters > step.now and redis.call("EXISTS", keys.waiting(step, queue)) == 1 then
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
  return enter.member(one.record) < enter.member(other.record)
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
