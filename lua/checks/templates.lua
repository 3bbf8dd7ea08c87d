-- Templates of recurring jobs: each is in the schedule of its queue, and nothing else is.

local clock = require("store.clock")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local templates = require("store.templates")
local writes = require("store.writes")

local lost = { name = "lost-template", keys = { "template" } }

function lost.find(step, subject)
  local template = templates.read(step, subject.rest)
  if not template then
    return "does not say which queue it is for", true
  end
  local queue = evidence.queue(step, template.queue)
  local score = redis.call("ZSCORE", keys.recurring(step, queue), subject.rest)
  if not score then
    return "is not in the schedule of its queue", not queue.name
  elseif tonumber(score) ~= (template.paused and math.huge or template.due) then
    return "is in the schedule at another time than its own"
  end
end

function lost.mend(step, subject)
  local template = templates.read(step, subject.rest)
  templates.schedule(step, template, evidence.queue(step, template.queue))
  if not template.paused then
    clock.at(step, clock.RECURRING, template.queue, template.due)
  end
end

local stray = { name = "stray-template", members = { "recurring" } }

function stray.find(step, subject)
  local queue = redis.call("HGET", keys.template(step, subject.member), "queue")
  if queue ~= subject.rest then
    return queue and "recurs in another queue" or "there is no such recurring job"
  end
end

function stray.mend(step, subject)
  writes.one(step, "ZREM", subject.key, subject.member)
end

return {
  keys = { recurring = { type = "zset" }, template = {} },
  invariants = { lost, stray },
}
