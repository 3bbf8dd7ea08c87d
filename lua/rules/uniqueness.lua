-- Puts under one key: which job holds it, for how long, and what a further put does. Times are
-- milliseconds.
--
-- A held key has a kind: done (until its job has ended), started (until its job is handed out),
-- time (until a moment, unless the job is cancelled before), trailing (as started, and then until a
-- moment). `first` is when it was taken: no put of a burst waits for longer than debounce_at_most
-- from then.

local refuse = require("rules.refusal")

local uniqueness = {}

-- What means nothing without a key.
local NEEDS_KEY = {
  "unique_until",
  "unique_for",
  "if_duplicate",
  "debounce",
  "debounce_mode",
  "debounce_at_most",
}

-- What a debounced put does not take: it has a scope and a moment of its own.
local NOT_DEBOUNCED = { "unique_until", "unique_for", "delay", "at", "depends", "hold" }

local function exclude(one, other, why)
  refuse("INVALID", one .. ": does not go with " .. other .. ", " .. why)
end

local function check_debounce(options)
  for position = 1, #NOT_DEBOUNCED do
    local name = NOT_DEBOUNCED[position]
    if options[name] ~= nil then
      exclude("debounce", name, "as it says itself when the job runs and how long the key is held")
    end
  end
  if (options.if_duplicate or "postpone") ~= "postpone" then
    exclude("debounce", "if_duplicate=" .. options.if_duplicate, "as it postpones")
  end
  local most = options.debounce_at_most
  if most and most < options.debounce then
    refuse("INVALID", "debounce_at_most: is less than debounce")
  end
end

-- Refuses options that contradict each other.
function uniqueness.check(options)
  if not options.unique then
    for position = 1, #NEEDS_KEY do
      if options[NEEDS_KEY[position]] ~= nil then
        refuse("INVALID", NEEDS_KEY[position] .. ": goes with unique, and none is given")
      end
    end
    return
  end
  if options.unique == "" then
    refuse("INVALID", "unique: is empty")
  end
  if options.flow and options.if_duplicate ~= "refuse" then
    exclude(
      "unique",
      "flow",
      "as a put that is merged makes no member; with if_duplicate=refuse it does"
    )
  end
  if options.debounce then
    return check_debounce(options)
  end
  if options.debounce_mode or options.debounce_at_most or options.if_duplicate == "postpone" then
    refuse("INVALID", "debounce: is needed, to say for how long puts are postponed")
  end
  if options.unique_for and options.unique_until then
    exclude("unique_for", "unique_until", "as the key is held for one or the other")
  end
  if options.if_duplicate == "replace" then
    if options.unique_for or options.unique_until == "done" then
      exclude(
        "if_duplicate=replace",
        options.unique_for and "unique_for" or "unique_until=done",
        "as the data of a job that has started cannot be replaced"
      )
    end
  end
end

-- Until when a job of these options holds its key, as it is kept with the job: `started`, `done`,
-- or `time`, which the key itself knows.
function uniqueness.scope(options)
  if options.unique_for or options.debounce then
    return "time"
  end
  return options.unique_until or (options.if_duplicate == "replace" and "started" or "done")
end

-- How the first put of a key takes it, and when its job is due (nil: at once).
function uniqueness.take(options, now)
  local window = options.debounce
  if window and (options.debounce_mode or "trailing") == "trailing" then
    return { kind = "started", ends = 0, first = now }, now + window
  elseif window or options.unique_for then
    return { kind = "time", ends = now + (window or options.unique_for), first = now }, nil
  end
  return { kind = uniqueness.scope(options), ends = 0, first = now }, nil
end

-- Whether a job that has not been handed out yet could be in this state.
local UNSTARTED = { waiting = true, scheduled = true, depends = true, throttled = true }

function uniqueness.unstarted(state)
  return UNSTARTED[state] == true
end

-- Whether a key is still held. state: that of the job that took it, as far as it still says so
-- itself; else nil.
function uniqueness.stands(held, state, now)
  if held.kind == "time" then
    return held.ends > now
  elseif held.kind == "done" then
    return state ~= nil and state ~= "complete" and state ~= "failed"
  end
  return uniqueness.unstarted(state)
end

-- The last moment to which a put of this key may be postponed.
local function cap(options, first, moment)
  local most = options.debounce_at_most
  return most and math.min(moment, first + most) or moment
end

local function postpone(options, held, unstarted, now)
  local quiet = now + options.debounce
  if options.debounce_mode == "leading" then
    local ends = held.ends
    if held.kind == "time" then
      ends = math.max(ends, cap(options, held.first, quiet))
    end
    return "keep", { kind = held.kind, ends = ends, first = held.first }
  elseif unstarted and held.kind ~= "time" then
    local ends = held.kind == "trailing" and quiet or held.ends
    local due = cap(options, held.first, quiet)
    return "postpone", { kind = held.kind, ends = ends, first = held.first }, due
  elseif options.debounce_mode == "both" and held.kind == "time" then
    return "create", { kind = "trailing", ends = quiet, first = now }, quiet
  end
  return "refuse"
end

-- What a further put does: keep, replace, postpone, create or refuse; how the key is held then
-- (nil: as before), and when the job is due.
function uniqueness.meet(options, held, unstarted, now)
  if options.debounce then
    return postpone(options, held, unstarted, now)
  end
  local wish = options.if_duplicate or "keep"
  if wish == "replace" and (not unstarted or held.kind == "time") then
    return "refuse"
  end
  return wish
end

-- How a key is held once its job has been handed out; nil: not any more.
function uniqueness.started(held, now)
  if held.kind == "started" or (held.kind == "trailing" and held.ends <= now) then
    return nil
  elseif held.kind == "trailing" then
    return { kind = "time", ends = held.ends, first = held.first }
  end
  return held
end

-- Whether a key is held when its job has ended in this state.
function uniqueness.outlives(held, state)
  return held.kind == "time" and state ~= "cancelled"
end

return uniqueness
