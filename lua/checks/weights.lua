-- Bytes: a queue that counts them counts the payloads of all jobs that say so, and in the end of
-- all that have not ended. A queue says what the root holds of it.

local clock = require("store.clock")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local own = require("store.own")
local queues = require("store.queues")
local records = require("store.records")
local recount = require("doors.recount")
local root = require("store.root")
local states = require("rules.states")
local weighing = require("doors.weighing")
local weights = require("store.weights")

local WEIGHED = states.flags.WEIGHED
local RUNNING = states.number.running

-- The queue that a field of the root of this kind is about, or nil.
local function queue_of(step, subject, kind)
  local number = string.match(subject.member, "^" .. kind .. ":(%d+)$")
  return number and queues.numbered(step, number)
end

local unmarked = { name = "unmarked-queue", members = { "" } }

-- The marks that the control of a queue lacks, by what the root holds of it, or nil.
local function marks_of(step, subject)
  local queue = queue_of(step, subject, "bytes")
  if queue then
    return not queue.capped and { capped = true } or nil, queue
  end
  queue = queue_of(step, subject, "settings")
  if not queue then
    return nil
  end
  local capped, keeps = own.marks(step, queue)
  if (capped and not queue.capped) or (keeps and not queue.keeps) then
    return { capped = capped, keeps = keeps }, queue
  end
  return nil
end

function unmarked.find(step, subject)
  return marks_of(step, subject) and "is of a queue that does not say so" or nil
end

function unmarked.mend(step, subject)
  local marks, queue = marks_of(step, subject)
  queue.capped = queue.capped or marks.capped or false
  queue.keeps = queue.keeps or marks.keeps or false
  queues.save(step, queue)
end

local miscounted = { name = "miscounted-bytes", members = { "" } }

function miscounted.find(step, subject)
  local queue = queue_of(step, subject, "bytes")
  local bytes = queue and recount.bytes(step, queue)
  if bytes and tonumber(subject.value) ~= bytes then
    return string.format("says %s, and the jobs have %.0f", subject.value, bytes)
  end
end

function miscounted.mend(step, subject)
  recount.hold(step, queue_of(step, subject, "bytes"))
end

local unweighed = { name = "unweighed-job", keys = { "job" } }

-- Whether a queue counts bytes, whatever it says of itself.
local function counts(step, queue)
  return root.get(step, "bytes:" .. queue.number) ~= false
end

-- What is wrong with a job, if anything. One that runs is weighed when it comes back.
local function problem(step, record, queue)
  local counted, open = counts(step, queue), weights.open(record)
  if records.has(record, WEIGHED) then
    return not open and "has ended, and is weighed"
      or not counted and "is weighed in a queue that does not count bytes"
  end
  return counted
    and open
    and record.state ~= RUNNING
    and not weighing.open(step, queue)
    and "is not weighed"
end

-- Whether it is the queue's count that is not there.
local function is_lost(step, record, queue)
  return records.has(record, WEIGHED)
    and queue.capped
    and weights.open(record)
    and not counts(step, queue)
end

function unweighed.find(step, subject)
  local record = subject.record
  local queue = evidence.queue(step, record.queue)
  if not queue.name or not (queue.capped or records.has(record, WEIGHED)) then
    return nil
  end
  local text = problem(step, record, queue)
  if text then
    return text, is_lost(step, record, queue) and not recount.bytes(step, queue)
  end
end

function unweighed.mend(step, subject)
  local record = subject.record
  local queue = evidence.queue(step, record.queue)
  if is_lost(step, record, queue) then
    weighing.begin(step, queue)
    clock.at(step, clock.CEILING, queue.number, step.now)
    recount.hold(step, queue)
    return
  end
  records.lower(record, WEIGHED)
  record.stored = nil -- whether it was counted, nobody knows: that is another invariant's
  records.save(step, record)
end

local idle = { name = "idle-weighing", members = { "" } }

function idle.find(step, subject)
  local queue = queue_of(step, subject, "weighing")
  if queue and not redis.call("ZSCORE", keys.clock(step), clock.CEILING .. queue.number) then
    return "is not going on"
  end
end

function idle.mend(step, subject)
  local queue = queue_of(step, subject, "weighing")
  clock.at(step, clock.CEILING, queue.number, step.now)
end

return { keys = {}, invariants = { unmarked, miscounted, unweighed, idle } }
