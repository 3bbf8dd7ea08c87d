-- Due work, whatever the queue: leases that ended, jobs that became due, templates, retention,
-- dependents still to be told, flows. Runs in every pop, most overdue first, and by itself.

local clock = require("store.clock")
local expire = require("doors.expire")
local freeing = require("doors.freeing")
local incumbents = require("doors.incumbents")
local late = require("doors.late")
local limits = require("rules.limits")
local overflow = require("doors.overflow")
local promote = require("doors.promote")
local purge = require("doors.purge")
local queues = require("store.queues")
local unpark = require("doors.unpark")
local registry = require("doors.registry")
local spawn = require("doors.spawn")
local told = require("doors.told")
local writes = require("store.writes")

-- For each kind: does up to `budget` units for the queue, returns how many it did and the moment
-- of the next one (nil: none).
local DUTIES = {
  [clock.LEASE] = expire,
  [clock.SCHEDULED] = promote,
  [clock.RECURRING] = spawn,
  [clock.RETENTION] = purge.due,
  [clock.ENDED] = told,
  [clock.THROTTLED] = unpark.due,
  [clock.DEADLINE] = late.due,
  [clock.CEILING] = overflow.due,
  [clock.FLOWS] = freeing.due,
  [clock.WORKERS] = registry.retire,
  [clock.INCUMBENTS] = incumbents.due,
}

local MEMBERS = 8 -- of the clock, in one call

-- Does one duty; returns its units.
local function perform(step, member, kind, budget)
  local number = tonumber(string.sub(member, 2))
  local queue = number > 0 and queues.numbered(step, number) or nil
  if number > 0 and not queue then
    clock.reset(step, member, nil)
    return 0
  end
  writes.flush(step) -- what an earlier duty did is to be seen
  local units, moment = DUTIES[kind](step, queue, budget)
  clock.reset(step, member, moment)
  return units
end

-- promotions: how many scheduled jobs may be promoted, beside limits.DUE other units.
local function tick(step, promotions)
  local overdue = clock.overdue(step, MEMBERS)
  if not overdue then
    return
  end
  local others = limits.DUE
  for position = 1, #overdue do
    local member = overdue[position]
    local kind = string.sub(member, 1, 1)
    if kind == clock.SCHEDULED and promotions > 0 then
      promotions = promotions - perform(step, member, kind, promotions)
    elseif kind ~= clock.SCHEDULED and others > 0 then
      others = others - perform(step, member, kind, others)
    end
  end
  clock.settle(step)
end

return tick
