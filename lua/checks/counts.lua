-- Limits count how many jobs wait and how many are parked, queue by queue.

local evidence = require("doors.evidence")
local records = require("store.records")
local recount = require("doors.recount")
local states = require("rules.states")
local throttles = require("store.throttles")

local miscounted = { name = "miscounted-limit", keys = { "parked" }, members = { "queued" } }

-- The queue and the limit that a set of parked jobs or a field of a limit's counts is about.
local function split(step, subject)
  if subject.kind == "queued" then
    return evidence.queue(step, tonumber(subject.member)), subject.rest
  end
  local number, name = string.match(subject.rest, "^(%d+):(.*)$")
  return evidence.queue(step, tonumber(number)), name
end

function miscounted.find(step, subject)
  local queue, name = split(step, subject)
  local line = throttles.get(step, name).lines[queue.number] or { waiting = 0, parked = 0 }
  local counted = recount.line(step, name, queue)
  if line.parked ~= counted.parked or line.waiting ~= (counted.waiting or line.waiting) then
    local text = "counts %d waiting, %d parked, and there are %s, %d"
    local waiting = counted.waiting or "some"
    return string.format(text, line.waiting, line.parked, waiting, counted.parked), not queue.name
  end
end

function miscounted.mend(step, subject)
  local queue, name = split(step, subject)
  recount.settle(step, name, queue)
end

local uncounted = {
  name = "uncounted-job",
  keys = { "job" },
  state = states.number.waiting,
  flags = states.flags.COUNTED,
}

-- A limit that counts nobody who waits, where a job does that it is to count.
local function forgetful(step, record)
  local names = records.ruling(record).limits or {}
  for position = 1, #names do
    local line = throttles.get(step, names[position]).lines[record.queue]
    if not line or line.waiting == 0 then
      return names[position]
    end
  end
  return nil
end

function uncounted.find(step, subject)
  local name = forgetful(step, subject.record)
  local queue = evidence.queue(step, subject.record.queue)
  if name then
    return "waits, and is not counted by " .. name, not queue.name
  end
end

function uncounted.mend(step, subject)
  local record = subject.record
  recount.settle(step, forgetful(step, record), evidence.queue(step, record.queue))
end

return {
  keys = { queued = { type = "hash" } },
  invariants = { miscounted, uncounted },
}
