-- restore: jobs that were revoked run as any others.
--
-- Args: kind (job or klass), its jid or name.
-- Returns: 1, or 0 when there was nothing to restore: a repeat changes nothing.
-- Errors: INVALID, NOJOB. Cost: O(1) a job, O(limits.REVOKED) a klass.

local arguments = require("rules.arguments")
local klasses = require("store.klasses")
local records = require("store.records")
local revocation = require("rules.revocation")
local revoked = require("doors.revoked")
local settings = require("store.settings")
local states = require("rules.states")
local subject = require("doors.subject")

local restore = {}

local KINDS = { job = true, klass = true }

function restore.parse(step, args)
  arguments.count(args, 2)
  local request = { kind = arguments.choice(args[1], "kind", KINDS), name = args[2] }
  if request.kind == "job" then
    subject.parse(step, request.name)
  else
    klasses.want(step, arguments.name(request.name, "klass"))
  end
  return request
end

function restore.check(step, request)
  if request.kind == "job" then
    return { record = (subject.find(step, request.name)) }
  end
  return request
end

local function restore_job(step, record)
  if not records.has(record, states.flags.REVOKED) then
    return 0
  end
  revoked.unmark(record)
  records.save(step, record)
  return 1
end

function restore.apply(step, plan)
  if plan.record then
    return restore_job(step, plan.record)
  end
  local number = klasses.known(step, plan.name)
  local entry = number and (settings.revoked(step) or {})[number]
  if not entry then
    return 0
  end
  settings.revoke(step, number, nil)
  return revocation.holds(entry, step.now) and 1 or 0
end

return restore
