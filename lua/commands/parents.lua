-- parents: the jobs on which a member of a flow depends or did, and what became of them.
--
-- Args: jid, offset, count (1 to limits.JOBS).
-- Returns: {how many there are, then for each jid, state (empty: it is not known any more), and its
-- result or its failure as the command result answers them (empty: none), each with a byte before
-- it that says which: r, f}, in the order in which they were named. A page ends early when it has
-- limits.BYTES. A job that is no member of a flow has none.
-- Errors: INVALID, NOJOB. Cost: O(log n), and O(1) a parent.

local arguments = require("rules.arguments")
local failures = require("store.failures")
local keys = require("store.keys")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local results = require("store.results")
local states = require("rules.states")

local parents = {}

function parents.parse(step, args)
  arguments.count(args, 3)
  records.want(step, arguments.name(args[1], "jid"))
  return {
    jid = args[1],
    offset = arguments.integer(args[2], "offset", 0, limits.INTEGER - 1),
    count = arguments.integer(args[3], "count", 1, limits.JOBS),
  }
end

function parents.check(step, request)
  if not records.live(step, request.jid) then
    refuse("NOJOB", "no job " .. request.jid)
  end
  return request
end

-- The state of a parent, and what it came to.
local function outcome(step, jid)
  local record = records.get(step, jid)
  local state = record and states.name[record.state] or ""
  if not record or record.state == states.number.complete then
    local kept = results.read(step, jid, record)
    return state, kept and "r" .. kept or ""
  elseif record.state == states.number.failed then
    return state, "f" .. failures.packed(step, record)
  end
  return state, ""
end

function parents.apply(step, request)
  local key = keys.lineage(step, request.jid)
  local from = request.offset
  local jids = redis.call("ZRANGE", key, from, from + request.count - 1)
  for position = 1, #jids do
    records.want(step, jids[position])
  end
  records.read(step)
  local answer, size = { redis.call("ZCARD", key) }, 0
  for position = 1, #jids do
    local state, found = outcome(step, jids[position])
    size = size + #found
    if position > 1 and size > limits.BYTES then
      break
    end
    answer[3 * position - 1] = jids[position]
    answer[3 * position], answer[3 * position + 1] = state, found
  end
  return answer
end

return parents
