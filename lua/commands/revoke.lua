-- revoke: jobs are not to run, one or all of a klass; a pop that comes to one ends it: cancelled,
-- or failed if others wait for it.
--
-- Args: kind (job or klass), its jid or name, until (of a klass: milliseconds since the epoch, when
-- its jobs run again; empty: at restore), once (of a klass: 1 when only the first job that a pop
-- comes to is meant; empty or 0: all).
-- Returns: revoked.
-- Errors: INVALID (more than limits.REVOKED klasses), NOJOB, STATE (a job that runs or has ended).
-- Cost: O(1) a job, O(limits.REVOKED) a klass. Pops look at it only while there are any.
--
-- A klass that is revoked again is revoked as the last call says.

local arguments = require("rules.arguments")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local settings = require("store.settings")
local states = require("rules.states")
local subject = require("doors.subject")

local revoke = {}

local KINDS = { job = true, klass = true }
local REVOCABLE = { waiting = true, scheduled = true, depends = true, throttled = true }

function revoke.parse(step, args)
  arguments.count(args, 2, 4)
  local request = { kind = arguments.choice(args[1], "kind", KINDS), name = args[2] }
  if request.kind == "job" then
    arguments.count(args, 2)
    subject.parse(step, request.name)
    return request
  end
  klasses.want(step, arguments.name(request.name, "klass"))
  request.entry = {
    ending = arguments.optional(args[3], "until", 1, limits.SEQUENCE) or 0,
    once = arguments.optional(args[4], "once", 0, 1) == 1,
  }
  return request
end

function revoke.check(step, request)
  if request.kind == "job" then
    local record = subject.find(step, request.name)
    subject.in_state(record, REVOCABLE, "revoke")
    return { record = record }
  end
  local count = 0
  for _ in pairs(settings.revoked(step) or {}) do
    count = count + 1
  end
  if count >= limits.REVOKED then
    refuse("INVALID", "klass: there are " .. count .. " revoked ones, the limit")
  end
  return request
end

function revoke.apply(step, plan)
  if plan.record then
    records.raise(plan.record, bit.bor(states.flags.REVOKED, states.flags.RULED))
    records.save(step, plan.record)
  else
    settings.revoke(step, klasses.number(step, plan.name), plan.entry)
  end
  return "revoked"
end

return revoke
