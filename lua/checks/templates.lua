-- Templates of recurring jobs: each is in the schedule of its queue, and nothing else is; of those
-- whose calendars nothing more is known of, somebody is to tell.

local clock = require("store.clock")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local slots = require("rules.slots")
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
  elseif tonumber(score) == math.huge and slots.in_the_dark(template, step.now) then
    return nil
  elseif tonumber(score) ~= templates.moment(step, template) then
    return "is in the schedule at another time than its own"
  end
end

function lost.mend(step, subject)
  local template = templates.read(step, subject.rest)
  local moment = templates.schedule(step, template, evidence.queue(step, template.queue))
  if moment < math.huge then
    clock.at(step, clock.RECURRING, template.queue, moment)
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

local unasked = { name = "unasked-refill", keys = { "template" } }

function unasked.find(step, subject)
  local template = templates.read(step, subject.rest)
  if
    template
    and template.moments
    and #template.moments == 0
    and not (template.paused or template.over)
    and not redis.call("ZSCORE", keys.refills(step), subject.rest)
  then
    return "has no moments, and nobody is asked for some"
  end
end

function unasked.mend(step, subject)
  templates.want_more(step, templates.read(step, subject.rest))
end

local needless = { name = "stray-refill", members = { "refills" } }

function needless.find(step, subject)
  if not redis.call("HGET", keys.template(step, subject.member), "calendar") then
    return "is no recurring job of a calendar"
  end
end

function needless.mend(step, subject)
  templates.want_no_more(step, subject.member)
end

return {
  keys = { recurring = { type = "zset" }, template = {}, refills = { type = "zset" } },
  invariants = { lost, stray, unasked, needless },
}
