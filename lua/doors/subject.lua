-- The job that a command names by its jid alone, whoever holds it.

local arguments = require("rules.arguments")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local states = require("rules.states")
local steps = require("store.step")

local subject = {}

function subject.parse(step, jid)
  records.want(step, arguments.name(jid, "jid"))
  return jid
end

-- Its record and its queue; refuses an unknown one.
function subject.find(step, jid, how)
  local record = records.live(step, jid)
  if not record or record.state == states.number.cancelled then
    refuse("NOJOB", "no job " .. jid)
  end
  steps.touch(step, jid, how)
  return record, queues.numbered(step, record.queue)
end

-- Refuses unless the job is in one of these states (a set of words).
function subject.in_state(record, allowed, what)
  local word = states.name[record.state]
  if not allowed[word] then
    refuse("STATE", what .. ": job " .. record.jid .. " is " .. word)
  end
end

return subject
