-- Jobs are where their records say, and the sets of states hold nothing else.

local claim = require("doors.claim")
local clock = require("store.clock")
local evidence = require("doors.evidence")
local places = require("store.places")
local queues = require("store.queues")
local rings = require("store.rings")
local states = require("rules.states")
local writes = require("store.writes")

local SETS = { "waiting", "scheduled", "depends", "running", "complete", "failed" }

-- The set of a job's state, or nil if there is none, and the job's score in it. Looked up once, as
-- all jobs are asked for it.
local function look_up(step, subject)
  if subject.set == nil then
    local record = subject.record
    local set, queue = evidence.set_of(step, record)
    subject.set, subject.queue = set or false, queue
    subject.score = set and redis.call("ZSCORE", set.key(step, queue, record), set.member(record))
  end
  return subject.set, subject.score
end

-- Into the set of its state, at the score that it must have.
local MOMENT = { scheduled = clock.SCHEDULED, complete = clock.RETENTION, failed = clock.RETENTION }

local function put_back(step, subject)
  local record = subject.record
  local set, queue = evidence.set_of(step, record)
  local state = states.name[record.state]
  if state == "running" then
    claim.renew(step, record, queue, nil)
    return
  end
  local score = set.score and set.score(record) or record.since
  writes.pair(step, "ZADD", set.key(step, queue, record), score, set.member(record))
  if state == "waiting" then
    rings.wake(step, queue)
  elseif MOMENT[state] then
    clock.at(step, MOMENT[state], queue.number, math.min(score, step.now))
  end
end

local lost = { name = "lost-job", keys = { "job" }, mend = put_back }

function lost.find(step, subject)
  local record = subject.record
  local set, score = look_up(step, subject)
  local state = states.name[record.state]
  if not set then
    return "is " .. state .. ", which has no set", true
  elseif not score and not evidence.unheld(record) then
    local text = " and not in the set of that state and its queue"
    return "is " .. state .. text, not subject.queue.name
  end
end

local misplaced = { name = "misplaced-job", keys = { "job" }, mend = put_back }

function misplaced.find(step, subject)
  local set, score = look_up(step, subject)
  local expected = score and set.score and set.score(subject.record)
  if expected and tonumber(score) ~= expected then
    return string.format("stands at %.0f in its set, and not at %.0f", score, expected)
  end
end

local stray = { name = "stray-member", members = SETS }

function stray.find(step, subject)
  local record = subject.record
  if not record then
    return "there is no such job"
  end
  local set, queue = evidence.set_of(step, record)
  if subject.kind ~= states.name[record.state] or tonumber(subject.rest) ~= record.queue then
    return "its record says " .. states.name[record.state] .. " in queue " .. queue.number
  elseif set.member(record) ~= subject.member then
    return "its record says another token, place or priority"
  end
end

function stray.mend(step, subject)
  writes.one(step, "ZREM", subject.key, subject.member)
end

local unknown = {
  name = "unknown-queue",
  keys = { "waiting", "scheduled", "depends", "running", "complete", "failed", "recurring" },
}

function unknown.find(step, subject)
  if not queues.numbered(step, subject.rest) then
    return "no queue has the number " .. subject.rest
  end
end

return {
  keys = {
    job = { owner = true },
    waiting = { type = "zset", jid = places.JID },
    scheduled = { type = "zset", jid = evidence.SETS.scheduled.jid },
    depends = { type = "zset", jid = 1 },
    running = { type = "zset", jid = claim.JID },
    complete = { type = "zset", jid = 1 },
    failed = { type = "zset", jid = 1 },
  },
  invariants = { lost, misplaced, stray, unknown },
}
