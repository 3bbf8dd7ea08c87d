-- The clock knows, for each queue, no later moment than the first at which something is due there,
-- or than now; or, of recurring jobs, than when a full queue is asked again.

local clock = require("store.clock")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local limits = require("rules.limits")
local own = require("store.own")
local root = require("store.root")

local function first_of(subject)
  return tonumber(redis.call("ZRANGE", subject.key, 0, 0, "WITHSCORES")[2] or nil)
end

local function aged(setting)
  return function(step, subject)
    local first = first_of(subject)
    local queue = evidence.queue(step, subject.rest)
    return first and first + own.milliseconds(step, queue, setting)
  end
end

-- For each kind of key: the letter on the clock, and the moment at which the first of it is due.
-- delay: for how long it may be put off, beginning now.
local DUE = {
  running = {
    clock.LEASE,
    function(_, subject)
      return first_of(subject)
    end,
  },
  scheduled = {
    clock.SCHEDULED,
    function(_, subject)
      return first_of(subject)
    end,
  },
  recurring = {
    clock.RECURRING,
    function(_, subject)
      return first_of(subject)
    end,
    delay = limits.FULL,
  },
  complete = { clock.RETENTION, aged("jobs-history"), swept = true },
  failed = { clock.RETENTION, aged("failed-history"), swept = true },
  ended = {
    clock.ENDED,
    function(step)
      return step.now
    end,
  },
  deadlines = {
    clock.DEADLINE,
    function(_, subject)
      return first_of(subject)
    end,
  },
  openings = {
    clock.THROTTLED,
    function(_, subject)
      return first_of(subject)
    end,
  },
  pending = {
    clock.FLOWS,
    function(_, subject)
      return first_of(subject)
    end,
  },
  workers = { clock.WORKERS, aged("worker-history") },
}

local function moment_of(step, letter, number)
  return tonumber(redis.call("ZSCORE", keys.clock(step), letter .. number) or nil)
end

local late = {
  name = "late-clock",
  keys = {
    "running",
    "scheduled",
    "recurring",
    "complete",
    "failed",
    "ended",
    "deadlines",
    "openings",
    "pending",
    "workers",
  },
}

-- What is due there, and what the clock knows.
local function compare(step, subject)
  local duty = DUE[subject.kind]
  local number = subject.rest == "" and "0" or subject.rest
  local known = moment_of(step, duty[1], number)
  -- Retention that has become shorter is on its way round all queues.
  if duty.swept and moment_of(step, duty[1], "0") then
    return nil
  end
  return duty[2](step, subject), known, duty[1], number, duty.delay or 0
end

function late.find(step, subject)
  local due, known, _, _, delay = compare(step, subject)
  -- What is overdue may be put off until now, so that others have their turn.
  if due and due < math.huge and (not known or known > math.max(due, step.now + delay)) then
    return string.format("something is due at %.0f, ", due)
      .. (known and string.format("and the clock says %.0f", known) or "unknown to the clock")
  end
end

function late.mend(step, subject)
  local due, _, letter, number = compare(step, subject)
  clock.at(step, letter, number, due)
end

local later = { name = "late-due", keys = { "clock" } }

function later.find(step, subject)
  local first = first_of(subject)
  local due = tonumber(root.get(step, "due") or nil)
  if first and (not due or due > first) then
    return string.format("begins at %.0f, and the root says ", first)
      .. (due and string.format("%.0f", due) or "nothing")
  end
end

function later.mend(step)
  clock.settle(step)
end

return {
  keys = { clock = { type = "zset" } },
  invariants = { late, later },
}
