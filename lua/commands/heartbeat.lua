-- heartbeat: prolongs leases, counted from now.
--
-- Args: worker, lease (milliseconds; 0: without end; empty: by job, queue or setting), then queue,
-- jid and token of each lease.
-- Returns: for each lease its end in milliseconds (0: none), or the error of one that is lost.
-- Errors: INVALID.
-- Cost: O(log n) a lease, at most limits.JOBS of them.

local arguments = require("rules.arguments")
local claim = require("doors.claim")
local lease = require("doors.lease")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local workers = require("store.workers")

local heartbeat = {}

function heartbeat.parse(step, args)
  arguments.count(args, 5, 2 + 3 * limits.JOBS)
  if #args % 3 ~= 2 then
    refuse("INVALID", "arguments: queue, jid and token of each lease")
  end
  local request = {
    worker = arguments.name(args[1], "worker"),
    lease = arguments.optional(args[2], "lease", 0, limits.CENTURY),
    leases = {},
  }
  for position = 3, #args, 3 do
    request.leases[#request.leases + 1] =
      lease.parse(step, { args[position], args[position + 1], args[position + 2] })
  end
  return request
end

function heartbeat.check(step, request)
  local plan = { request = request, held = {} }
  for position = 1, #request.leases do
    local fine, record, queue = pcall(lease.held, step, request.leases[position], "")
    if fine then
      plan.held[position] = { record = record, queue = queue }
    elseif type(record) == "table" and record.refused then
      plan.held[position] = { refused = record }
    else
      error(record, 0)
    end
  end
  return plan
end

function heartbeat.apply(step, plan)
  local request = plan.request
  local seen = redis.call("HGET", workers.key(step, request.worker), "seen")
  workers.touch(step, request.worker, tonumber(seen or nil))
  local answers = {}
  for position = 1, #plan.held do
    local held = plan.held[position]
    if held.refused then
      answers[position] = { err = held.refused.word .. " " .. held.refused.text }
    else
      local record, queue = held.record, held.queue
      local ending = claim.renew(step, record, queue, request.lease)
      if records.has(record, states.flags.GRACE) then
        records.lower(record, states.flags.GRACE)
        records.save(step, record)
      end
      answers[position] = ending == "+inf" and 0 or ending
    end
  end
  return answers
end

return heartbeat
