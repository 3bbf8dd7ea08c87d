-- Due work, whatever the queue: leases that ended, jobs that became due, templates, retention,
-- dependents still to be told. Runs in every pop, most overdue first, and by itself.

local clock = require("store.clock")
local expire = require("doors.expire")
local limits = require("rules.limits")
local promote = require("doors.promote")
local purge = require("doors.purge")
local queues = require("store.queues")
local registry = require("doors.registry")
local told = require("doors.told")

-- For each kind: does up to `budget` units for the queue, returns how many it did and the moment
-- of the next one (nil: none).
local DUTIES = {
  [clock.LEASE] = expire,
  [clock.SCHEDULED] = promote,
  [clock.RETENTION] = purge.due,
  [clock.ENDED] = told,
  [clock.WORKERS] = registry.retire,
}

local MEMBERS = 8 -- of the clock, in one call

-- promotions: how many scheduled jobs may be promoted. Returns the units done beside those.
local function tick(step, promotions)
  local overdue = clock.overdue(step, MEMBERS)
  local done = 0
  for position = 1, #overdue do
    local member = overdue[position]
    local kind, number = string.sub(member, 1, 1), tonumber(string.sub(member, 2))
    local budget = limits.DUE - done
    if kind == clock.SCHEDULED then
      budget = promotions
    end
    if budget <= 0 then
      break
    end
    local queue = number > 0 and queues.numbered(step, number) or nil
    if number > 0 and not queue then
      clock.reset(step, member, nil)
    else
      local units, moment = DUTIES[kind](step, queue, budget)
      clock.reset(step, member, moment)
      if kind ~= clock.SCHEDULED then
        done = done + units
      else
        promotions = promotions - units
      end
    end
  end
  if #overdue > 0 then
    clock.settle(step)
  end
  return done
end

return tick
