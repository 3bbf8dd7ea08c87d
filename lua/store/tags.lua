-- Tags: the jobs that carry each, by time, and how many those are. A count is always the size of
-- the tag's own set, so it cannot drift.

local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")

local tags = {}

-- Lists a tag with the number of jobs that carry it.
function tags.recount(step, tag)
  local size = redis.call("ZCARD", keys.tag(step, tag))
  if size > 0 then
    redis.call("ZADD", keys.tags(step), size, tag)
  else
    redis.call("ZREM", keys.tags(step), tag)
  end
end

-- Indexes a record's jid under these tags.
function tags.add(step, record, list)
  for position = 1, #list do
    redis.call("ZADD", keys.tag(step, list[position]), step.now, record.jid)
    tags.recount(step, list[position])
  end
  if #list > 0 then
    records.raise(record, states.flags.TAGGED)
  end
end

function tags.remove(step, record, list)
  for position = 1, #list do
    redis.call("ZREM", keys.tag(step, list[position]), record.jid)
    tags.recount(step, list[position])
  end
end

-- Takes a record's jid out of all its tags.
function tags.clear(step, record)
  if records.has(record, states.flags.TAGGED) then
    tags.remove(step, record, records.ruling(record).tags or {})
    records.lower(record, states.flags.TAGGED)
  end
end

return tags
