-- The one way out of running: ends a lease and writes down how. What becomes of the job next is
-- the caller's choice.

local claim = require("doors.claim")
local deadlines = require("doors.deadlines")
local history = require("store.history")
local keys = require("store.keys")
local records = require("store.records")
local rings = require("store.rings")
local settings = require("store.settings")
local states = require("rules.states")
local stats = require("store.stats")
local throttle = require("doors.throttle")
local workers = require("store.workers")
local writes = require("store.writes")

local leave = {}

local flags = states.flags
local COMPLETE = states.number.complete

-- What the end of a job would have to look after, and what stays of the flags.
local UNPLAIN =
  bit.bor(flags.FAILURE, flags.DEPENDENTS, flags.AWAITED, flags.RULED, flags.COUNTED, flags.FLOW)
local KEPT = bit.bnot(flags.GRACE)

local FOR_GOOD = "complete\0" -- the state, and no next queue

-- waited, ran: milliseconds, as the statistics count them.
local function end_lease(step, queue, member, worker, waited, run, ran)
  writes.one(step, "ZREM", keys.running(step, queue), member)
  workers.let_go(step, worker, member)
  stats.observe(step, queue, waited, run, ran)
  if queue.limited then
    rings.wake(step, queue)
  end
end

-- entry: the word for the history. detail: what belongs to it. run: which histogram the run time
-- goes to, `run` or `failed-run`, or nil when nobody knows how long the work lasted.
function leave.record(step, record, queue, entry, detail, run)
  local popped = record.popped
  local member = claim.member(record)
  end_lease(step, queue, member, record.worker, popped - record.since, run, step.now - popped)
  records.lower(record, flags.GRACE)
  throttle.ended(step, record)
  history.append(step, record, queue, entry, detail)
  record.worker = nil
  record.popped = nil
  records.save(step, record)
  if records.has(record, flags.RULED) then
    deadlines.note(step, record)
  end
end

-- As record, for a job that is done for good and that is plain: it is changed as the text that it
-- is, as in claim.give, and for the same reason. Returns the holder and the flags, or nothing when
-- it is not plain.
function leave.done(step, queue, jid, token, text)
  local now = step.now
  -- luacheck: ignore 631 (one line, as the formatter has it)
  local kind, flag, number, klass, epoch, attempt, place, high, low, since, retries, left, errors, lost, entries, lease_length, options_length, size, from =
    struct.unpack(records.LAYOUT, text)
  if bit.band(flag, UNPLAIN) ~= 0 then
    return nil
  end
  flag = bit.band(flag, KEPT)
  local popped, worker = records.holder(text, from, lease_length)
  end_lease(step, queue, token .. jid, worker, popped - since, "run", now - popped)
  local inside = bit.band(flag, flags.PAYLOAD) == 0 and size or 0
  local rest
  rest, entries = history.cut(
    string.sub(text, from + lease_length) .. history.entry("done", attempt, now, FOR_GOOD),
    options_length + inside + 1,
    entries + 1,
    settings.value(step, "max-job-history")
  )
  records.store(
    step,
    jid,
    struct.pack(
      records.LAYOUT,
      kind - kind % 16 + COMPLETE,
      flag,
      number,
      klass,
      epoch,
      attempt,
      place,
      high,
      low,
      now,
      retries,
      left,
      errors,
      lost,
      entries,
      0,
      options_length,
      size
    ) .. rest
  )
  return worker, flag
end

return leave
