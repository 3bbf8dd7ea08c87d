-- repair: mends what a check has found, if it is still so.
--
-- Args: the invariant's name, the key's name after the root, the member (empty: the key itself).
-- Returns: mended; gone (it is not so any more); left (it cannot be mended without a guess).
-- Errors: INVALID.
-- Cost: O(log n); as much as the engine's own when a job is set free by it.

local arguments = require("rules.arguments")
local inspection = require("inspection")
local subjects = require("subjects")

local repair = {}

function repair.parse(step, args)
  arguments.count(args, 3)
  arguments.name(args[1], "invariant")
  return { name = args[1], subject = subjects.key(step, args[2]), member = args[3] }
end

-- The subject as it is now, or nil.
local function present(step, request)
  local whole = request.subject
  if redis.call("EXISTS", whole.key) == 0 then
    return nil
  elseif request.member == "" then
    return whole
  end
  return subjects.present(step, whole, request.member)
end

function repair.check(step, request)
  local subject = present(step, request)
  if not subject then
    return { answer = "gone" }
  end
  local invariant, left = inspection.broken(step, subject, request.name)
  if left then
    return { answer = "left" }
  end
  return { answer = invariant and "mended" or "gone", subject = subject, invariant = invariant }
end

function repair.apply(step, plan)
  if plan.invariant then
    plan.invariant.mend(step, plan.subject)
  end
  return plan.answer
end

return repair
