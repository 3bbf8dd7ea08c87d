-- Another attempt, or failed? Every way in which an attempt can end badly asks here: retry, a lease
-- that ran out, timeout.

local retry = {}

-- Every attempt that ends badly uses up a retry, a lost lease too: `retries` bounds how often a job
-- is handed out. Lost leases have a limit of their own beside it.
--
-- job: left (attempts beyond the one that ended), lost (leases). ending: lost (whether this was a
-- lost lease), poison_after (how many of those are allowed; 0: any number), due (the moment of
-- another attempt), finish_by (the moment before which that has to be, or nil), given_up (whether
-- the error is one of give_up_on). Returns what is then left, and why there is no other attempt, or
-- nil when there is: given-up, poison, retries, finish-within.
function retry.again(job, ending)
  if ending.given_up then
    return job.left, "given-up"
  elseif ending.lost and ending.poison_after > 0 and job.lost >= ending.poison_after then
    return job.left, "poison"
  elseif job.left == 0 then
    return 0, "retries"
  elseif ending.finish_by and ending.due >= ending.finish_by then
    return job.left, "finish-within"
  end
  return job.left - 1, nil
end

-- The failure group of a queue's jobs that got no other attempt.
function retry.group(why, queue_name)
  return "failed-" .. why .. "-" .. queue_name
end

local function names_one(list, names)
  for position = 1, #(list or {}) do
    for other = 1, #names do
      if list[position] == names[other] then
        return true
      end
    end
  end
  return false
end

-- Whether a job of these options is to be tried again after an error of these names: those of its
-- class and of the classes above that. otherwise: the answer for an error that is not listed.
function retry.wanted(options, names, otherwise)
  if names_one(options.give_up_on, names) then
    return false
  elseif names_one(options.retry_on, names) then
    return true
  end
  return otherwise
end

return retry
