-- worker: what one worker told about itself, and what it holds, a page at a time.
--
-- Args: worker, cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), last seen (milliseconds, 0: not
-- registered), what it told about itself (see report; empty: nothing), then for each held job {jid,
-- queue, end of the lease (milliseconds, 0: none)}}.
-- Stalled are those whose end has passed. A page comes in the order of the ends; it holds about
-- `count` jobs, a small worker's all at once.
-- Errors: INVALID. Cost: O(count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local refuse = require("rules.refusal")
local registry = require("doors.registry")
local store = require("store.workers")

local worker = {}

function worker.parse(_, args)
  arguments.count(args, 3)
  if not string.find(args[2], "^%d*$") then
    refuse("INVALID", "cursor: is not one that this command has answered")
  end
  return {
    name = arguments.name(args[1], "worker"),
    cursor = args[2],
    count = arguments.integer(args[3], "count", 1, limits.JOBS),
  }
end

function worker.apply(step, request)
  local name = request.name
  local seen = redis.call("ZSCORE", keys.workers(step), name)
  local cursor, leases = registry.leases(step, name, request.cursor, request.count)
  local _, about = store.read(step, name)
  local list = { cursor, tonumber(seen or 0), about }
  for position = 1, #leases do
    local lease = leases[position]
    list[position + 3] = { lease.jid, lease.queue, lease.ending < math.huge and lease.ending or 0 }
  end
  return list
end

return worker
