-- What people note about jobs: tags and tracking, in the record and in the index.

local evidence = require("doors.evidence")
local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local tags = require("store.tags")

local flags = states.flags

local function tags_of(record)
  return records.options(record).tags or {}
end

-- The tags of a record under which its job is not to be found.
local function missing(step, record)
  local list, found = tags_of(record), {}
  for position = 1, #list do
    if not redis.call("ZSCORE", keys.tag(step, list[position]), record.jid) then
      found[#found + 1] = list[position]
    end
  end
  return found, #list > 0 and not records.has(record, flags.TAGGED)
end

local lost = { name = "lost-tag", keys = { "job" } }

function lost.find(step, subject)
  local record = subject.record
  if record.options == "" then
    return nil
  end
  local found, unmarked = missing(step, record)
  if #found > 0 then
    return "is not listed under its tags " .. table.concat(found, ", ")
  elseif unmarked then
    return "has tags, and its record does not say so"
  end
end

function lost.mend(step, subject)
  local record = subject.record
  tags.add(step, record, (missing(step, record)))
  records.raise(record, flags.TAGGED)
  records.save(step, record)
end

local stray = { name = "stray-tag", members = { "tag" } }

function stray.find(_, subject)
  local list = subject.record and tags_of(subject.record) or {}
  for position = 1, #list do
    if list[position] == subject.rest then
      return nil
    end
  end
  return "does not carry the tag " .. subject.rest .. ", under which it is listed"
end

function stray.mend(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  tags.recount(step, subject.rest)
end

local miscounted = { name = "miscounted-tag", keys = { "tag" }, members = { "tags" } }

function miscounted.find(step, subject)
  if subject.kind == "tag" then
    local listed = redis.call("ZSCORE", keys.tags(step), subject.rest)
    return not listed and "the tag is not listed" or nil
  end
  local size = redis.call("ZCARD", keys.tag(step, subject.member))
  if size ~= tonumber(subject.value) then
    return string.format("is counted %.0f times and carried %d times", subject.value, size)
  end
end

function miscounted.mend(step, subject)
  tags.recount(step, subject.kind == "tag" and subject.rest or subject.member)
end

local untracked = { name = "untracked-job", keys = { "job" }, flags = flags.TRACKED }

function untracked.find(step, subject)
  if not redis.call("ZSCORE", keys.tracked(step), subject.jid) then
    return "is tracked and not listed"
  end
end

function untracked.mend(step, subject)
  redis.call("ZADD", keys.tracked(step), step.now, subject.jid)
end

local stray_tracked = { name = "stray-tracked", members = { "tracked" } }

function stray_tracked.find(_, subject)
  local record = subject.record
  if not record or not records.has(record, flags.TRACKED) then
    return "is listed as tracked and is not"
  end
end

function stray_tracked.mend(step, subject)
  local record = evidence.job(step, subject.jid)
  if record then
    records.raise(record, flags.TRACKED)
    records.save(step, record)
  else
    redis.call("ZREM", subject.key, subject.member)
  end
end

return {
  keys = {
    tag = { type = "zset", jid = 1 },
    tags = { type = "zset" },
    tracked = { type = "zset", jid = 1 },
  },
  invariants = { lost, stray, miscounted, untracked, stray_tracked },
}
