-- Jobs in nobody's hands that are to be ended at a moment: one sorted set, scored by it. A running
-- job is not in it, as its lease ends by then.

local clock = require("store.clock")
local keys = require("store.keys")
local records = require("store.records")
local rules = require("rules.deadlines")
local writes = require("store.writes")

local deadlines = {}

-- The job is in nobody's hands. The clock learns of its moment, if there is one.
function deadlines.note(step, record)
  local moment = rules.upcoming(records.ruling(record), record.attempt)
  if moment then
    writes.pair(step, "ZADD", keys.deadlines(step), moment, record.jid)
    clock.at(step, clock.DEADLINE, 0, moment)
  end
end

-- The job runs, has ended, or is put again.
function deadlines.forget(step, record)
  local options = records.ruling(record)
  if options.start_by or options.finish_by then
    writes.one(step, "ZREM", keys.deadlines(step), record.jid)
  end
end

-- A job that had ended is to run again: its time begins anew, as its retries do.
function deadlines.renew(step, record)
  local options = records.options(record)
  if options.start_by or options.finish_by then
    rules.set(options, options, step.now, nil)
    options.attempted = record.attempt
    records.set_options(record, options)
    deadlines.note(step, record)
  end
end

-- The job may run at another moment than before.
function deadlines.move(step, record, due)
  local options = records.options(record)
  if options.start_by then
    options.start_by = due + options.start_within
    records.set_options(record, options)
    deadlines.note(step, record)
  end
end

return deadlines
