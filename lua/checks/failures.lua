-- Failure groups: each failed job is in the group that its failure names, and no other job is.

local evidence = require("doors.evidence")
local failures = require("store.failures")
local keys = require("store.keys")
local records = require("store.records")
local retry = require("rules.retry")
local states = require("rules.states")

-- The failure group of a job, or nil; whether its record knows of the failure does not matter.
local function group_of(step, record)
  if not record or record.state ~= states.number.failed then
    return nil
  end
  local packed = redis.call("GET", keys.failure(step, record.jid))
  return packed and cmsgpack.unpack(packed).group
end

local ungrouped = { name = "ungrouped-job", keys = { "job" } }

function ungrouped.find(step, subject)
  local group = group_of(step, subject.record)
  if group and not redis.call("ZSCORE", keys.group(step, group), subject.jid) then
    return "failed, and is not in its group " .. group
  end
end

function ungrouped.mend(step, subject)
  local record = subject.record
  failures.enlist(step, record, group_of(step, record), record.since)
end

local stray = { name = "stray-in-group", members = { "group" } }

function stray.find(step, subject)
  if group_of(step, subject.record) ~= subject.rest then
    return "is in the failure group " .. subject.rest .. ", and did not fail so"
  end
end

function stray.mend(step, subject)
  failures.strike(step, subject.member, subject.rest)
end

local listing = { name = "unlisted-group", keys = { "group" }, members = { "groups" } }

function listing.find(step, subject)
  if subject.kind == "group" then
    local listed = redis.call("ZSCORE", keys.groups(step), subject.rest)
    return not listed and "the group is not listed" or nil
  elseif redis.call("EXISTS", keys.group(step, subject.member)) == 0 then
    return "is listed and has no jobs"
  end
end

function listing.mend(step, subject)
  if subject.kind == "group" then
    redis.call("ZADD", keys.groups(step), 0, subject.rest)
  else
    redis.call("ZREM", keys.groups(step), subject.member)
  end
end

local lost = { name = "lost-failure", keys = { "job" } }

function lost.find(step, subject)
  local record = subject.record
  local failed = record.state == states.number.failed
  if failed or records.has(record, states.flags.FAILURE) then
    local there = redis.call("EXISTS", keys.failure(step, record.jid)) == 1
    return not there and "why it failed is not there" or nil
  end
end

-- A failed job gets a failure again, or its group would not know of it.
function lost.mend(step, subject)
  local record = subject.record
  if record.state ~= states.number.failed then
    records.lower(record, states.flags.FAILURE)
    records.save(step, record)
    return
  end
  local _, queue = evidence.set_of(step, record)
  local group = retry.group("retries", queue.name or "")
  failures.note(step, record, {
    group = group,
    cause = "",
    message = "why it failed was lost",
    when = record.since,
    worker = "",
  })
  records.save(step, record)
  failures.enlist(step, record, group, record.since)
end

return {
  keys = { group = { type = "zset", jid = 1 }, groups = { type = "zset" } },
  invariants = { ungrouped, stray, listing, lost },
}
