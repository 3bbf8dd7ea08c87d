-- workers: the registered workers, those first that were seen last, a page at a time.
--
-- Args: cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), then for each worker {name, last
-- seen (milliseconds), leases held, those of them that are stalled, what it told about itself (see
-- report; empty: nothing)}}. A page ends early when its workers hold more than limits.WALK leases;
-- of one worker, no more than some so many are looked at for stalled ones.
-- Errors: INVALID. Cost: O(log n + count + leases).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local pages = require("store.pages")
local registry = require("doors.registry")
local store = require("store.workers")

local workers = {}

function workers.parse(_, args)
  arguments.count(args, 2)
  return pages.asked(args, 1, {})
end

local function stalled(step, name)
  local _, leases = registry.leases(step, name, "", limits.WALK)
  local count = 0
  while count < #leases and leases[count + 1].ending <= step.now do
    count = count + 1
  end
  return count
end

function workers.apply(step, request)
  local key = keys.workers(step)
  local names = pages.ranked(key, request, true)
  local list, room = { names[1] }, limits.WALK
  for position = 2, #names do
    local name = names[position]
    local held, about = store.read(step, name)
    if held > room and position > 2 then
      list[1] = pages.after(key, names[position - 1], true)
      break
    end
    room = room - held
    local seen = tonumber(redis.call("ZSCORE", key, name))
    list[position] = { name, seen, held, held > 0 and stalled(step, name) or 0, about }
  end
  return list
end

return workers
