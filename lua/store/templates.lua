-- Templates of recurring jobs: a hash each, and a sorted set a queue, scored by the next slot, by
-- the end of its retention when no child will be made any more, or +inf while there is nothing to
-- do. Fields: queue and klass (numbers), interval (0: there is a calendar), first (the first slot),
-- due (the next slot that is to be made or skipped; inf: not known), count (of children made),
-- paused (0 or 1), options (msgpack), nonce, payload; as far as they apply, last (jid of the newest
-- child, for an overlap policy) and over (since when no more will be made); with a calendar,
-- calendar (a text), moments (the slots that are known, 6 bytes each) and known (up to when all
-- slots are). Times are milliseconds.

local clock = require("store.clock")
local events = require("store.events")
local keys = require("store.keys")
local limits = require("rules.limits")
local rings = require("store.rings")
local root = require("store.root")
local settings = require("store.settings")
local slots = require("rules.slots")
local writes = require("store.writes")

local templates = {}

local MOMENT = ">I6"

local function unpacked(moments)
  local list = {}
  for position = 1, #moments / 6 do
    list[position] = struct.unpack(MOMENT, moments, 6 * position - 5)
  end
  return list
end

local function packed(moments)
  local list = {}
  for position = 1, #moments do
    list[position] = struct.pack(MOMENT, moments[position])
  end
  return table.concat(list)
end

-- The template of this jid without its payload, or nil.
function templates.read(step, jid)
  local key = keys.template(step, jid)
  -- luacheck: ignore 631 (one line, as the formatter has it)
  local queue, klass, interval, first, due, count, paused, options, nonce, last, over, calendar, moments, known =
    unpack(
      redis.call(
        "HMGET",
        key,
        "queue",
        "klass",
        "interval",
        "first",
        "due",
        "count",
        "paused",
        "options",
        "nonce",
        "last",
        "over",
        "calendar",
        "moments",
        "known"
      )
    )
  if not queue then
    return nil
  end
  return {
    jid = jid,
    flags = 0, -- as a record has them: events ask whether somebody tracks it
    queue = tonumber(queue),
    klass = tonumber(klass),
    interval = tonumber(interval),
    first = tonumber(first),
    due = tonumber(due) or math.huge,
    count = tonumber(count),
    paused = paused == "1",
    options = cmsgpack.unpack(options),
    nonce = nonce,
    last = last or nil,
    over = tonumber(over or nil),
    calendar = calendar or nil,
    moments = calendar and unpacked(moments) or nil,
    known = tonumber(known or nil),
  }
end

function templates.payload(step, jid)
  return redis.call("HGET", keys.template(step, jid), "payload")
end

-- Somebody who can read its calendar is to say which slots follow, unless many are known.
function templates.want_more(step, template)
  local few = #template.moments < limits.AHEAD or template.dark
  if few and not template.paused then
    redis.call("ZADD", keys.refills(step), "NX", step.now, template.jid)
  end
end

-- Nobody needs to say more of its slots.
function templates.want_no_more(step, jid)
  writes.one(step, "ZREM", keys.refills(step), jid)
end

-- Notes whether it is over.
local function settle(step, template, queue)
  if not slots.over(template) then
    if template.over then
      template.over = nil
      writes.one(step, "HDEL", keys.template(step, template.jid), "over")
    end
    return
  end
  if template.moments then
    templates.want_no_more(step, template.jid)
  end
  if not template.over then
    template.over = step.now
    writes.pair(step, "HSET", keys.template(step, template.jid), "over", template.over)
    events.report(step, "recur", template, queue.name, "", "over")
  end
end

-- When there is something to do for it; infinite: not by itself.
function templates.moment(step, template)
  if template.over then
    return template.over + settings.milliseconds(step, "jobs-history")
  elseif template.paused or template.dark then
    return math.huge
  end
  return template.due
end

-- Stores where a template stands in its schedule; returns when there is something to do for it.
-- refilled: more moments have just come.
function templates.schedule(step, template, queue, refilled)
  local key = keys.template(step, template.jid)
  settle(step, template, queue)
  writes.pair(step, "HSET", key, "due", template.due == math.huge and "inf" or template.due)
  writes.pair(step, "HSET", key, "count", template.count)
  if template.last then
    writes.pair(step, "HSET", key, "last", template.last)
  end
  if template.moments then
    writes.pair(step, "HSET", key, "moments", packed(template.moments))
    writes.pair(step, "HSET", key, "known", template.known)
    if not (refilled or template.over) then
      templates.want_more(step, template)
    end
  end
  local moment = templates.moment(step, template)
  local score = moment == math.huge and "+inf" or moment
  writes.pair(step, "ZADD", keys.recurring(step, queue), score, template.jid)
  return moment
end

-- Stores a template; payload: nil to leave it as it is. The clock and whoever waits for the queue
-- learn of the next slot.
function templates.save(step, template, queue, payload)
  local key = keys.template(step, template.jid)
  template.queue = queue.number
  writes.pair(step, "HSET", key, "queue", template.queue)
  writes.pair(step, "HSET", key, "klass", template.klass)
  writes.pair(step, "HSET", key, "interval", template.interval)
  writes.pair(step, "HSET", key, "first", template.first)
  writes.pair(step, "HSET", key, "paused", template.paused and 1 or 0)
  writes.pair(step, "HSET", key, "options", cmsgpack.pack(template.options))
  writes.pair(step, "HSET", key, "nonce", template.nonce)
  if template.calendar then
    root.raise(step)
    writes.pair(step, "HSET", key, "calendar", template.calendar)
  end
  if payload then
    writes.pair(step, "HSET", key, "payload", payload)
  end
  templates.reach(step, template, queue, templates.schedule(step, template, queue))
end

-- The clock learns when there is something to do for a template, and so does who waits soon.
function templates.reach(step, template, queue, moment)
  if moment < math.huge then
    clock.at(step, clock.RECURRING, queue.number, moment)
    if moment < step.now + limits.SLEEP and not template.over then
      rings.wake(step, queue)
    end
  end
end

-- A template that had a calendar has an interval now.
function templates.drop_calendar(step, template)
  template.calendar, template.moments, template.known = nil, nil, nil
  local key = keys.template(step, template.jid)
  for _, field in ipairs({ "calendar", "moments", "known" }) do
    writes.one(step, "HDEL", key, field)
  end
  templates.want_no_more(step, template.jid)
end

-- Takes a template out of its queue.
function templates.leave(step, template, queue)
  writes.one(step, "ZREM", keys.recurring(step, queue), template.jid)
end

-- Nothing of it is left; its children stay.
function templates.remove(step, template, queue)
  templates.leave(step, template, queue)
  if template.calendar then
    templates.want_no_more(step, template.jid)
  end
  writes.drop(step, keys.template(step, template.jid))
end

return templates
