-- Who holds a unique key, and when a job takes its key, keeps it or lets go of it. The key says
-- which job holds it, and that job's record whether it does: a key without one blocks nobody.

local records = require("store.records")
local rules = require("rules.uniqueness")
local states = require("rules.states")
local uniques = require("store.uniques")

local unique = {}

-- What an earlier member of the step is going to make of a job, if that ends it.
local ENDS = { complete = true, failed = true, cancelled = true }

-- The state of the job that holds a key, as far as it says so itself.
local function state_of(step, key, held)
  local going = step.touched[held.jid]
  if ENDS[going] then
    return going
  elseif held.planned then
    return "waiting"
  end
  local record = records.live(step, held.jid)
  return record and records.ruling(record).unique == key and states.name[record.state] or nil
end

-- How a key is held as members of the step have left it so far, or false or nil.
local function current(step, key)
  local held = step.uniques and step.uniques[key]
  if held == nil then
    held = uniques.read(step, key)
  end
  return held
end

-- How a key is held at this point of the step, or nil, and whether its job has not started.
function unique.standing(step, key)
  local held = current(step, key)
  if held then
    local state = state_of(step, key, held)
    if state ~= "cancelled" and rules.stands(held, state, step.now) then
      return held, rules.unstarted(state)
    end
  end
  return nil, false
end

-- Later members of the step are to see a key as an earlier one leaves it. held: false when it is
-- free.
function unique.foresee(step, key, held)
  step.uniques = step.uniques or {}
  step.uniques[key] = held
end

-- The job of this record is going to be put again: its key is free to later members of the step.
function unique.leaves(step, record)
  local key = records.has(record, states.flags.RULED) and records.ruling(record).unique
  local held = key and current(step, key)
  if held and held.jid == record.jid then
    unique.foresee(step, key, false)
  end
end

-- The key of a job and how it is held, if it is this job that holds it.
local function own(step, record)
  local key = records.ruling(record).unique
  local held = key and uniques.read(step, key)
  if held and held.jid == record.jid then
    return key, held
  end
  return nil, nil
end

-- The job is handed out.
function unique.started(step, record)
  local key, held = own(step, record)
  local after = key and rules.started(held, step.now)
  if key and not after then
    uniques.drop(step, key)
  elseif key and after ~= held then
    after.jid = record.jid
    uniques.save(step, key, after)
  end
end

-- The job has ended, as its state says.
function unique.ended(step, record)
  local key, held = own(step, record)
  if key and not rules.outlives(held, states.name[record.state]) then
    uniques.drop(step, key)
  end
end

-- The job is put again, under other options.
function unique.replaced(step, record)
  local key = own(step, record)
  if key then
    uniques.drop(step, key)
  end
end

-- A job that had ended is to run again: it takes its key back, unless another one holds that.
function unique.undone(step, record)
  local options = records.ruling(record)
  local key = options.unique
  if key and options.unique_until == "done" and not unique.standing(step, key) then
    uniques.save(step, key, { kind = "done", ends = 0, first = step.now, jid = record.jid })
  end
end

return unique
