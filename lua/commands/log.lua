-- log: a user's own entry in a job's history.
--
-- Args: jid, what (a word or a sentence, a name's length at most), data (at most limits.LOG bytes,
-- may be empty), request (at most 32 bytes; the same one again within limits.TRACE is a repeat and
-- writes nothing; may be empty).
-- Returns: logged.
-- Errors: INVALID, NOJOB.
-- Events: log, with what.
-- Cost: O(1).
--
-- The entry is of kind `log`; its detail is one byte, the length of `what`, then `what`, then the
-- data, byte for byte. As every entry it goes when the history grows past max-job-history.

local arguments = require("rules.arguments")
local events = require("store.events")
local history = require("store.history")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local requests = require("store.requests")
local subject = require("doors.subject")

local log = {}

function log.parse(step, args)
  arguments.count(args, 4)
  local request = {
    jid = subject.parse(step, args[1]),
    what = arguments.name(args[2], "what"),
    data = args[3],
    request = args[4],
  }
  if #request.data > limits.LOG then
    refuse("INVALID", "data: has " .. #request.data .. " bytes, the limit is " .. limits.LOG)
  end
  requests.check(request.request)
  return request
end

function log.check(step, request)
  local name = request.request
  if name ~= "" and requests.answer(step, name) then
    return {}
  end
  local record, queue = subject.find(step, request.jid)
  return { request = request, record = record, queue = queue }
end

function log.apply(step, plan)
  local request, record = plan.request, plan.record
  if not record then
    return "logged"
  end
  local detail = string.char(#request.what) .. request.what .. request.data
  history.append(step, record, plan.queue, "log", detail)
  records.save(step, record)
  if request.request ~= "" then
    requests.remember(step, request.request, "logged")
  end
  events.report(step, "log", record, plan.queue.name, record.worker or "", request.what)
  return "logged"
end

return log
