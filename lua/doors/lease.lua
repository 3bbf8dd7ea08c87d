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

local RUNNING = states.number.running

-- Checks what a holder shows, and announces what is to be read for it.
function lease.want(step, queue, jid, token)
  queues.want(step, arguments.name(queue, "queue"))
  records.want(step, arguments.name(jid, "jid"))
  arguments.token(token)
end

-- Reads queue, jid and token from the first three arguments.
function lease.parse(step, args)
  lease.want(step, args[1], args[2], args[3])
  return { queue = args[1], jid = args[2], token = args[3] }
end

-- Why a lease is not held: when this holder has ended it before with the same `word`, the history's
-- detail, as the call is a repeat. Else refuses.
local function ended(record, token, word)
  local epoch, attempt = claim.parts(token)
  local how, detail = "replaced", nil
  if record.epoch == epoch then
    how, detail = history.ending(record, attempt)
  end
  if how == word then
    return nil, detail
  end
  if how == "timed-out" then
    how = detail
  end
  how = how or "expired"
  refuse("LEASELOST", how .. " the lease on job " .. record.jid .. " has ended: " .. how)
end

-- The queue of a lease that is held, or nothing and the detail of its end when the holder repeats
-- the call by which it has ended it. Else refuses.
function lease.find(step, queue_name, jid, token, word)
  local text = records.text(step, jid)
  if not text then
    refuse("NOJOB", "no job " .. jid)
  end
  local queue = queues.named(step, queue_name)
  local state, number, held = records.lease_of(text)
  if held == token and state == RUNNING and queue and queue.number == number then
    steps.touch(step, jid)
    return queue
  end
  return ended(records.get(step, jid), token, word)
end

-- As find; returns the record and the queue.
function lease.held(step, request, word)
  local queue, detail = lease.find(step, request.queue, request.jid, request.token, word)
  if queue then
    return records.get(step, request.jid), queue
  end
  return nil, detail
end

return lease
