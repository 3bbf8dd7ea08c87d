-- fail: the holder gives a job up; it stays, failed, in a group until an operator acts.
--
-- Args: queue, jid, token, failure group, message, payload (empty: unchanged).
-- Returns: failed.
-- Errors: INVALID, NOJOB, LEASELOST.
-- Events: failed; what its dependents do about it.
-- Cost: O(log n), and O(log n) for each of up to limits.DUE dependents; a tick tells the rest.

local arguments = require("rules.arguments")
local conclude = require("doors.conclude")
local events = require("store.events")
local lease = require("doors.lease")
local leave = require("doors.leave")
local payloads = require("rules.payloads")
local records = require("store.records")
local settings = require("store.settings")
local unblock = require("doors.unblock")

local fail = {}

function fail.parse(step, args)
  arguments.count(args, 6)
  local request = lease.parse(step, args)
  request.group = arguments.name(args[4], "group")
  request.message = arguments.text(args[5], "message")
  request.payload = args[6]
  return request
end

function fail.check(step, request)
  payloads.check(request.payload, settings.value(step, "max-payload"))
  local record, queue = lease.held(step, request, "failed")
  if not record then
    return {}
  end
  step.touched[request.jid] = "failed"
  return { request = request, record = record, queue = queue }
end

function fail.apply(step, plan)
  local request, record, queue = plan.request, plan.record, plan.queue
  if not record then
    return "failed"
  end
  local worker = record.worker
  leave.record(step, record, queue, "failed", request.group, "failed-run")
  records.count(record, "errors")
  if request.payload ~= "" then
    records.set_payload(step, record, request.payload)
  end
  conclude.failed(step, record, queue, {
    group = request.group,
    message = request.message,
    when = step.now,
    worker = worker,
  })
  events.report(step, "failed", record, queue.name, worker, request.group)
  unblock.ended(step, record)
  return "failed"
end

return fail
