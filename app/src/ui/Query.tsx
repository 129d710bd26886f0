import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { describeError } from '../chain/errors';
import { Button, Loading, Notice } from './primitives';

type QueryLike<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };

/** An error in words, with the remedy and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => unknown }) {
  const { data } = useQuery({
    queryKey: ['problem', String(error)],
    queryFn: () => describeError(error, Math.floor(Date.now() / 1000)),
    staleTime: Infinity,
  });
  return (
    <Notice tone="bad" title={data?.title ?? 'This could not be read'} live>
      <p>{data?.remedy}</p>
      {retry && <Button onClick={() => void retry()}>Try again</Button>}
    </Notice>
  );
}

/** What a query answered, or that it is loading, or why it failed. What was read before stays when a later read fails. */
export function Show<T>({ query, children }: { query: QueryLike<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failure error={query.error} retry={query.refetch} />;
  return <Loading wide />;
}
