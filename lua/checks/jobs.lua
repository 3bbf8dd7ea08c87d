-- Jobs are where their records say, and the sets of states hold nothing else.

local claim = require("doors.claim")
local clock = require("store.clock")
local evidence = require("doors.evidence")
local lanes = require("doors.lanes")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local recount = require("doors.recount")
local rings = require("store.rings")
local states = require("rules.states")
local writes = require("store.writes")

local SETS = {
  "waiting",
  "lane",
  "throttled",
  "scheduled",
  "depends",
  "running",
  "complete",
  "failed",
}
local NUMBERED = {
  "recurring",
  "parked",
  "turns",
  "tenants",
  "waiting",
  "lane",
  "throttled",
  "scheduled",
  "depends",
  "running",
  "complete",
  "failed",
}

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

local MOMENT = { scheduled = clock.SCHEDULED, complete = clock.RETENTION, failed = clock.RETENTION }

-- Into the set of its state, at the score that it must have.
local function place(step, subject)
  local record = subject.record
  local set, queue = evidence.set_of(step, record)
  local score = set.score and set.score(record) or record.since
  writes.pair(step, "ZADD", set.key(step, queue, record), score, set.member(record))
  local kind = MOMENT[states.name[record.state]]
  if kind then
    clock.at(step, kind, queue.number, math.min(score, step.now))
  end
end

-- Into its lane, whose turn comes. Its limits count it.
local function wait(step, record, queue)
  lanes.add(step, record, queue)
  rings.wake(step, queue)
  writes.flush(step)
  if records.has(record, states.flags.COUNTED) then
    for _, name in ipairs(records.ruling(record).limits or {}) do
      recount.settle(step, name, queue)
    end
  end
end

local function put_back(step, subject)
  local record = subject.record
  local _, queue = evidence.set_of(step, record)
  if record.state == states.number.running then
    claim.renew(step, record, queue, nil)
  elseif record.state == states.number.waiting then
    wait(step, record, queue)
  else
    place(step, subject)
  end
  writes.flush(step)
  recount.hold(step, queue)
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

local misplaced = { name = "misplaced-job", keys = { "job" }, mend = place }

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
  if set.key(step, queue, record) ~= subject.key then
    return "its record says " .. states.name[record.state] .. " in queue " .. queue.number
  elseif set.member(record) ~= subject.member then
    return "its record says another token, place or priority"
  end
end

function stray.mend(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  if subject.kind == "lane" then
    recount.hold(step, evidence.queue(step, tonumber(string.match(subject.rest, "^%d+"))))
  end
end

local unknown = {
  name = "unknown-queue",
  keys = NUMBERED,
}

-- What else is in the name of a key follows a colon.
function unknown.find(step, subject)
  local number = string.match(subject.rest, "^%d+") or ""
  if not queues.numbered(step, number) then
    return "no queue has the number " .. number
  end
end

return {
  keys = {
    job = { owner = true },
    waiting = { type = "zset", jid = places.JID },
    lane = { type = "zset", jid = places.JID },
    throttled = { type = "zset", jid = places.JID },
    scheduled = { type = "zset", jid = evidence.SETS.scheduled.jid },
    depends = { type = "zset", jid = 1 },
    running = { type = "zset", jid = claim.JID },
    complete = { type = "zset", jid = 1 },
    failed = { type = "zset", jid = 1 },
  },
  invariants = { lost, misplaced, stray, unknown },
}
