-- Lanes: each that holds jobs takes turns, and those who wait there are counted.

local evidence = require("doors.evidence")
local keys = require("store.keys")
local lanes = require("doors.lanes")
local recount = require("doors.recount")

-- The queue that a subject is about, and the tenant: of a lane, or of a member of its lists.
local function split(step, subject)
  local number, tenant = string.match(subject.rest, "^(%d+):?(.*)$")
  local queue = evidence.queue(step, tonumber(number or subject.member))
  return queue, subject.member ~= "" and subject.member or tenant
end

local function listed(step, queue, tenant)
  return redis.call("ZSCORE", keys.turns(step, queue), tenant),
    redis.call("ZSCORE", keys.tenants(step, queue), tenant)
end

local unlisted = {
  name = "unlisted-lane",
  keys = { "lane", "waiting", "turns", "tenants" },
  members = { "turns", "tenants" },
}

-- A lane may be empty: the pop that meets it takes it off. The empty name is not a member to be
-- mended by its name, so it is looked at with the key.
function unlisted.find(step, subject)
  local queue, tenant = split(step, subject)
  local turns, tenants = listed(step, queue, tenant)
  if subject.kind == "waiting" and not queue.fair then
    return nil
  elseif subject.kind == "waiting" or subject.kind == "lane" then
    return not (turns and tenants and queue.fair) and "holds jobs, and takes no turns" or nil,
      not queue.name
  end
  return (not turns) ~= not tenants and "takes turns by half" or nil, not queue.name
end

function unlisted.mend(step, subject)
  local queue, tenant = split(step, subject)
  lanes.list(step, queue, tenant)
  recount.hold(step, queue)
end

local miscounted = { name = "miscounted-lanes", keys = { "tenants" }, members = { "laned" } }

function miscounted.find(step, subject)
  local queue = split(step, subject)
  local jobs = recount.laned(step, queue)
  local known = tonumber(redis.call("HGET", keys.laned(step), queue.number) or 0)
  if jobs and known ~= jobs then
    return string.format("%d jobs wait in lanes, and %d are counted", jobs, known)
  end
end

function miscounted.mend(step, subject)
  recount.hold(step, (split(step, subject)))
end

return {
  keys = {
    turns = { type = "zset" },
    tenants = { type = "zset" },
    laned = { type = "hash" },
    weights = { type = "hash" },
  },
  invariants = { unlisted, miscounted },
}
