-- Until when a job may be started, and until when it has to be done. Times are milliseconds.
--
-- A job keeps two moments among its options: start_by (start_within after its put, or after its
-- delay) and finish_by (finish_within after its put). Only a job that was never handed out can be
-- too late to start; `attempted` is what its attempts count from, if it was put again.

local refuse = require("rules.refusal")

local deadlines = {}

-- Refuses options under which a job could never run. due: when it may, or nil.
function deadlines.check(options, due, now)
  if options.if_late and not options.start_within then
    refuse("INVALID", "if_late: goes with start_within, and none is given")
  end
  if options.if_late == "" then
    refuse("INVALID", "if_late: is empty; it is cancel, fail or a klass")
  end
  if options.finish_within and due and due - now >= options.finish_within then
    refuse("INVALID", "finish_within: is over before the job may run")
  end
end

-- Adds the moments to what is kept of the options; returns it. from: when the job was put. due:
-- when it may run, or nil.
function deadlines.set(kept, options, from, due)
  kept.start_by = options.start_within and math.max(from, due or 0) + options.start_within or nil
  kept.finish_by = options.finish_within and from + options.finish_within or nil
  return kept
end

-- Whether a job is still to be started by a moment.
function deadlines.startable(options, attempt)
  return options.start_by ~= nil and attempt <= (options.attempted or 0)
end

-- What is over, `start_within` or `finish_within`, or nil. options: as they are kept.
function deadlines.passed(options, attempt, now)
  if options.finish_by and options.finish_by <= now then
    return "finish_within"
  elseif deadlines.startable(options, attempt) and options.start_by <= now then
    return "start_within"
  end
  return nil
end

-- What becomes of a job that is too late: `cancel`, `fail`, or the klass that runs in its place.
function deadlines.fate(options, passed)
  return passed == "finish_within" and "fail" or options.if_late or "cancel"
end

local ENDS = { cancel = true, fail = true }

-- Whether nothing is to run in the place of a job that is too late.
function deadlines.ends(fate)
  return ENDS[fate] == true
end

-- The moment at which a job that nobody holds is to be ended, or nil.
function deadlines.upcoming(options, attempt)
  local start, finish = nil, options.finish_by
  if deadlines.startable(options, attempt) and deadlines.ends(options.if_late or "cancel") then
    start = options.start_by
  end
  return start and finish and math.min(start, finish) or start or finish
end

-- Where among a job's options the moment of a limit is.
deadlines.MOMENT = { start_within = "start_by", finish_within = "finish_by" }

-- The failure group of a queue's jobs that were too late.
function deadlines.group(passed, queue_name)
  return "failed-" .. string.gsub(passed, "_", "-") .. "-" .. queue_name
end

return deadlines
