-- What a put meets: itself, sent before; a job that holds its unique key; a job of its jid; what it
-- depends on.

local ceiling = require("doors.ceiling")
local depends = require("doors.depends")
local duplicate = require("doors.duplicate")
local keys = require("store.keys")
local member = require("doors.member")
local records = require("store.records")
local refuse = require("rules.refusal")
local sequence = require("store.sequence")
local states = require("rules.states")
local steps = require("store.step")
local unique = require("doors.unique")

local flags = states.flags

-- Whether this very call has been carried out before; the word of its answer, or nil.
local function repeated(record, options)
  if options.if_exists == "repeated" then
    return "created"
  end
  local nonce = records.options(record).nonce
  if options.nonce and nonce and string.sub(nonce, 2) == options.nonce then
    return string.sub(nonce, 1, 1) == "r" and "replaced" or "created"
  end
  return nil
end

-- The job that is replaced, or nil; or the answer of a put that leaves it as it is.
local function existing(step, jid, record, options)
  if record and records.has(record, flags.TRACE) then
    record = nil
  end
  if record and options.if_exists == "keep" then
    return nil, "kept"
  elseif record and options.if_exists == "error" then
    refuse("EXISTS", "job " .. jid .. " exists, " .. states.name[record.state])
  end
  if options.if_exists ~= "repeated" and redis.call("EXISTS", keys.template(step, jid)) == 1 then
    refuse("EXISTS", "jid: " .. jid .. " is a recurring job")
  end
  return record, nil
end

-- queue: its name. size: bytes of the payload.
-- The answer when there is nothing to be done, the record that is replaced, what the job is tied to
-- (see doors/depends.lua), and what its unique key asks for (see doors/duplicate.lua).
local function examine(step, queue, jid, size, options)
  local record = records.get(step, jid)
  if record and (options.if_exists == "repeated" or options.nonce) then
    local answer = repeated(record, options)
    if answer then
      return answer
    end
  end
  local plan = options.unique and duplicate.check(step, jid, options)
  if plan and plan.what ~= "create" then
    duplicate.decide(step, options, plan)
    return nil, nil, nil, plan
  end
  local old, answer = existing(step, jid, record, options)
  if answer then
    return answer
  end
  ceiling.admit(step, queue, old, size, options)
  steps.touch(step, jid, "put")
  sequence.need(step, old and 1 or 2)
  if old then
    step.freed[jid] = true
    unique.leaves(step, old)
  end
  if options.flow then
    member.check(step, old, options.flow)
  end
  local tie
  if options.depends or options.hold then
    tie = depends.check(step, jid, old, options)
  end
  if plan then
    duplicate.decide(step, options, plan)
  end
  return nil, old, tie, plan
end

return examine
