-- What a call answers about a job that it has put where it is to run. One that was parked may start
-- after all by what else the step does: slots are returned, others leave. So its state is known
-- once parked jobs have been taken back, in doors/flush.lua; its answer stands open until then.

local states = require("rules.states")

local outcome = {}

-- word: of the state to which the job has come. tell: a function that is called with the word that
-- is answered, once that is known; may be nil. Returns the answer.
function outcome.of(step, record, word, tell)
  if word ~= "throttled" then
    if tell then
      tell(word)
    end
    return word
  end
  local open = { record = record, tell = tell, word = word }
  step.open = step.open or {}
  table.insert(step.open, open)
  return open
end

-- Parked jobs have been taken back.
function outcome.settle(step)
  local list = step.open
  step.open = nil
  step.settled = true
  for position = 1, #list do
    local open = list[position]
    open.word = states.name[open.record.state]
    if open.tell then
      open.tell(open.word)
    end
  end
end

-- The answers of a settled step; those that stood open become words.
function outcome.close(answers, count)
  for position = 1, count do
    local answer = answers[position]
    if type(answer) == "table" and answer.word then
      answers[position] = answer.word
    end
  end
end

return outcome
