-- E-mail addresses and names that stand for a customer in dated facts (newsletter and survey tools know no customer
-- numbers): the account whose contact or customer record has exactly that address or name, if it is one alone.
INSERT INTO accounts BY NAME
WITH named AS (
    SELECT source, customer_id FROM interactions
    UNION SELECT source, customer_id FROM survey_answers
    UNION SELECT source, customer_id FROM complaints
    UNION SELECT source, customer_id FROM public_signals
    UNION SELECT source, customer_id FROM opportunities
),
unknown AS (
    SELECT source, customer_id FROM named
    WHERE customer_id NOT IN (SELECT customer_id FROM accounts)
),
book AS (
    SELECT lower(trim(email)) AS stand_in, source, customer_id FROM contacts WHERE email IS NOT NULL
    UNION SELECT lower(trim(email)), source, customer_id FROM customers WHERE email IS NOT NULL
    UNION SELECT lower(trim(name)), source, customer_id FROM customers
),
owners AS (
    SELECT stand_in, min(coalesce(accounts.account_id, other.account_id)) AS account_id
    FROM book
    LEFT JOIN accounts ON accounts.source = book.source AND accounts.customer_id = book.customer_id
    LEFT JOIN accounts AS other ON accounts.account_id IS NULL AND other.customer_id = book.customer_id
    GROUP BY stand_in
    HAVING count(DISTINCT coalesce(accounts.account_id, other.account_id)) = 1
)
SELECT unknown.source, unknown.customer_id, owners.account_id
FROM unknown JOIN owners ON owners.stand_in = lower(trim(unknown.customer_id))
ORDER BY unknown.source, unknown.customer_id
