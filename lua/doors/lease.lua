-- Is this lease still held? Commands of a holder ask here before anything else.

local arguments = require("rules.arguments")
local claim = require("doors.claim")
local history = require("store.history")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local steps = require("store.step")

local lease = {}

-- Reads queue, jid and token from the first three arguments, and announces what they need.
function lease.parse(step, args)
  local request = {
    queue = arguments.name(args[1], "queue"),
    jid = arguments.name(args[2], "jid"),
    token = arguments.token(args[3]),
    -- For the commands to fill in; a table that grows is paid for again at each size.
    payload = nil,
    options = nil,
    next = nil,
    record = nil,
    home = nil,
  }
  queues.want(step, request.queue)
  records.want(step, request.jid)
  return request
end

-- The record and the queue of a lease that is held. When this holder has ended it before with the
-- same `word`, nothing and the history's detail: the call is a repeat. Else refuses.
function lease.held(step, request, word)
  local record = records.get(step, request.jid)
  if not record then
    refuse("NOJOB", "no job " .. request.jid)
  end
  local epoch, attempt = claim.parts(request.token)
  local queue = queues.named(step, request.queue)
  local same = record.epoch == epoch
  if
    same
    and record.attempt == attempt
    and record.state == states.number.running
    and queue
    and queue.number == record.queue
  then
    steps.touch(step, request.jid)
    return record, queue
  end
  local how, detail = "replaced", nil
  if same then
    how, detail = history.ending(record, attempt)
  end
  if how == word then
    return nil, detail
  end
  if how == "timed-out" then
    how = detail
  end
  how = how or "expired"
  refuse("LEASELOST", how .. " the lease on job " .. request.jid .. " has ended: " .. how)
end

return lease
