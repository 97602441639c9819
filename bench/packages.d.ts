/** As much of the rivals' packages as bench/rivals.ts uses. */
declare module 'glpk.js/node' {
  interface Term {
    readonly name: string;
    readonly coef: number;
  }
  interface Bounds {
    readonly type: number;
    readonly ub: number;
    readonly lb: number;
  }
  interface Glpk {
    readonly GLP_MIN: number;
    readonly GLP_LO: number;
    readonly GLP_UP: number;
    readonly GLP_DB: number;
    readonly GLP_FX: number;
    readonly GLP_FR: number;
    readonly GLP_OPT: number;
    readonly GLP_MSG_OFF: number;
    solve(
      program: {
        readonly name: string;
        readonly objective: { readonly direction: number; readonly name: string; readonly vars: Term[] };
        readonly subjectTo: { readonly name: string; readonly vars: Term[]; readonly bnds: Bounds }[];
        readonly bounds: ({ readonly name: string } & Bounds)[];
      },
      options: { readonly msglev: number; readonly presol: boolean },
    ): { readonly result: { readonly z: number; readonly status: number } };
  }
  export default function open(): Promise<Glpk>;
}

declare module 'yalps' {
  export function solve(
    model: {
      readonly direction: 'minimize';
      readonly objective: string;
      readonly constraints: Iterable<
        readonly [string, { readonly equal?: number; readonly min?: number; readonly max?: number }]
      >;
      readonly variables: Iterable<readonly [string, Iterable<readonly [string, number]>]>;
    },
    options: { readonly maxIterations: number; readonly maxPivots?: number },
  ): { readonly status: string; readonly result: number };
}
